//! Cuts the WebAssembly file in two: what a form needs until somebody can write in it, and the rest,
//! which a browser fetches while they do. Both are one program: the second file shares memory and
//! table of the first, and its functions take the places in the table that the first calls.

use crate::linked::Linked;
use crate::parts::plain;
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use walrus::ir::{self, Instr, InstrSeqId, Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId,
    FunctionKind, GlobalKind, ImportedFunction, LocalFunction, Module, ModuleConfig, TableId,
    ValType, passes,
};

/// The module from which the second file imports what is the first one's.
const FIRST: &str = "b";

/// The two files.
pub(crate) struct Halves {
    pub(crate) first: Vec<u8>,
    pub(crate) second: Vec<u8>,
}

/// A function before which the file is cut, by the end of its path in the name section, and those that stay in
/// the first file and call it: they have to know whether the second one is there.
pub(crate) type Root<'a> = (&'a str, &'a [&'a str]);

/// Cuts before `roots`: these functions with their closures, and whatever only they call, go into the
/// second file. Texts and tables that only they use go along: `linked` is the file as the linker made it, and
/// says what refers to what.
///
/// # Errors
/// When a root is not there, is called from JavaScript, or is called by others than those that it names.
pub(crate) fn split(wasm: &[u8], linked: &[u8], roots: &[Root<'_>]) -> Result<Halves> {
    let mut first = parse(wasm)?;
    let second = parse(wasm)?;
    let linked = Linked::read(linked)?;
    let cut = Cut::new(&first, &linked, roots)?;
    cut.look_at_border(&first, roots)?;
    let later = names(&first, |at| cut.later.contains(&at));
    let data = linked.unused_by(|name| !later.contains(name));
    let slots = cut.leave(&mut first)?;
    let second = cut.take(second, &mut first, &slots, &data)?;
    passes::gc::run(&mut first);
    Ok(Halves { first: first.emit_wasm(), second })
}

fn parse(wasm: &[u8]) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false);
    let mut module = config.parse(wasm).context("no WebAssembly")?;
    // What the linker says of the file no longer holds.
    let said: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    said.into_iter().for_each(|id| drop(module.customs.delete(id)));
    Ok(module)
}

/// What goes where, by the places of functions in the file.
struct Cut {
    later: BTreeSet<usize>,
}

impl Cut {
    fn new(module: &Module, linked: &Linked, roots: &[Root<'_>]) -> Result<Self> {
        let ids: Vec<FunctionId> = module.funcs.iter().map(|function| function.id()).collect();
        let place: BTreeMap<FunctionId, usize> =
            ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let mut is_root = BTreeSet::new();
        for (root, _) in roots {
            let before = is_root.len();
            for function in module.funcs.iter() {
                if function.name.as_deref().is_some_and(|name| is_of(&plain(name), root)) {
                    is_root.insert(place[&function.id()]);
                }
            }
            if is_root.len() == before {
                bail!("there is no function {root}");
            }
        }
        let mut stack = Vec::new();
        for export in module.exports.iter() {
            if let ExportItem::Function(id) = export.item {
                if is_root.contains(&place[&id]) {
                    bail!("{} is called from JavaScript", export.name);
                }
                stack.push(place[&id]);
            }
        }
        stack.extend(module.start.map(|id| place[&id]));
        let name = |at: &usize| module.funcs.get(ids[*at]).name.as_deref();
        // What else is in the table may be called by whoever knows its place there; by everybody, where
        // the linker knows nothing of it.
        let mut listed: BTreeSet<usize> =
            elements(module)?.1.into_iter().map(|id| place[&id]).collect();
        stack.extend(listed.extract_if(.., |at| name(at).is_none_or(|name| !linked.knows(name))));
        let mut early = BTreeSet::new();
        loop {
            while let Some(at) = stack.pop() {
                if is_root.contains(&at) || !early.insert(at) {
                    continue;
                }
                if let FunctionKind::Local(function) = &module.funcs.get(ids[at]).kind {
                    stack.extend(calls(function).into_iter().map(|id| place[&id]));
                }
            }
            // Some have other names in the linker's file: they count among the early ones.
            let later = names(module, |at| !early.contains(&at));
            let known = linked.known_to(|name| !later.contains(name));
            stack.extend(
                listed.extract_if(.., |at| name(at).is_some_and(|name| known.contains(name))),
            );
            if stack.is_empty() {
                break;
            }
        }
        let is_local =
            |at: &usize| matches!(module.funcs.get(ids[*at]).kind, FunctionKind::Local(_));
        Ok(Cut { later: (0..ids.len()).filter(|at| is_local(at) && !early.contains(at)).collect() })
    }

    /// Fails where the first file calls into the second one from elsewhere than it may: that would be a trap
    /// until the second one is there.
    fn look_at_border(&self, module: &Module, roots: &[Root<'_>]) -> Result<()> {
        let ids: Vec<FunctionId> = module.funcs.iter().map(|function| function.id()).collect();
        let place: BTreeMap<FunctionId, usize> =
            ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let name =
            |id: FunctionId| module.funcs.get(id).name.as_deref().map_or_else(String::new, plain);
        let mut known = BTreeSet::new();
        for (id, function) in module.funcs.iter_local() {
            if self.later.contains(&place[&id]) {
                continue;
            }
            for called in calls(function).into_iter().filter(|id| self.later.contains(&place[id])) {
                let (caller, called) = (name(id), name(called));
                let mut callers = roots.iter().filter(|(root, _)| is_of(&called, root));
                let caller = callers.find_map(|(root, callers)| {
                    let named = callers.iter().find(|known| caller.ends_with(**known))?;
                    Some((*root, *named))
                });
                match caller {
                    Some(crossing) => known.insert(crossing),
                    None => bail!("{} may not call {called}: it comes later", name(id)),
                };
            }
        }
        let all = roots.iter().flat_map(|(root, callers)| callers.iter().map(|one| (*root, *one)));
        for crossing in all {
            if !known.contains(&crossing) {
                bail!("{} does not call {} any more", crossing.1, crossing.0);
            }
        }
        Ok(())
    }

    /// Takes what comes later out of the first file, which calls it through the table; gives the
    /// places there.
    fn leave(&self, module: &mut Module) -> Result<BTreeMap<usize, u64>> {
        let ids: Vec<FunctionId> = module.funcs.iter().map(|function| function.id()).collect();
        let place: BTreeMap<FunctionId, usize> =
            ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let (table, mut listed) = elements(module)?;
        // Of a type that nobody calls, so that whoever comes too early is stopped.
        let mut stand_in = FunctionBuilder::new(&mut module.types, &[ValType::F64; 9], &[]);
        stand_in.func_body().unreachable();
        let arguments = (0..9).map(|_| module.locals.add(ValType::F64)).collect();
        let stand_in = stand_in.finish(arguments, &mut module.funcs);
        let mut slots = BTreeMap::new();
        for (slot, id) in (1..).zip(&mut listed) {
            if self.later.contains(&place[id]) {
                slots.insert(place[id], slot);
                *id = stand_in;
            }
        }
        let mut size = module.tables.get(table).initial;
        let early: Vec<FunctionId> = module
            .funcs
            .iter_local()
            .map(|(id, _)| id)
            .filter(|id| *id != stand_in)
            .filter(|id| !self.later.contains(&place[id]))
            .collect();
        let types: BTreeMap<FunctionId, walrus::TypeId> =
            module.funcs.iter().map(|function| (function.id(), function.ty())).collect();
        for id in early {
            let FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind else {
                continue;
            };
            for sequence in sequences(function) {
                let before = std::mem::take(&mut function.block_mut(sequence).instrs);
                let mut after = Vec::with_capacity(before.len());
                for (instr, at) in before {
                    match instr {
                        Instr::Call(ir::Call { func }) if self.later.contains(&place[&func]) => {
                            let slot = *slots.entry(place[&func]).or_insert_with(|| {
                                size += 1;
                                size - 1
                            });
                            let value = Value::I32(i32::try_from(slot)?);
                            after.push((Instr::Const(ir::Const { value }), at));
                            let call = ir::CallIndirect { ty: types[&func], table };
                            after.push((Instr::CallIndirect(call), at));
                        }
                        _ => after.push((instr, at)),
                    }
                }
                function.block_mut(sequence).instrs = after;
            }
        }
        let grown = module.tables.get_mut(table);
        grown.initial = size;
        grown.maximum = grown.maximum.map(|most| most.max(size));
        for element in module.elements.iter_mut() {
            if let ElementItems::Functions(functions) = &mut element.items {
                let rest = listed.split_off(functions.len());
                *functions = std::mem::replace(&mut listed, rest);
            }
        }
        Ok(slots)
    }

    /// Makes the second file, and has the first one export what that needs.
    fn take(
        &self,
        mut module: Module,
        first: &mut Module,
        slots: &BTreeMap<usize, u64>,
        moved: &[Range<u32>],
    ) -> Result<Vec<u8>> {
        let ids: Vec<FunctionId> = module.funcs.iter().map(|function| function.id()).collect();
        let theirs: Vec<FunctionId> = first.funcs.iter().map(|function| function.id()).collect();
        let place: BTreeMap<FunctionId, usize> =
            ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        module.start = None;
        let exports: Vec<_> = module.exports.iter().map(|export| export.id()).collect();
        exports.into_iter().for_each(|id| module.exports.delete(id));
        let data: Vec<_> = module.data.iter().map(|data| data.id()).collect();
        data.into_iter().for_each(|id| module.data.delete(id));
        let (table, _) = elements(&module)?;
        let segments: Vec<_> = module.elements.iter().map(|element| element.id()).collect();
        segments.into_iter().for_each(|id| module.elements.delete(id));
        for table in module.tables.iter_mut() {
            table.elem_segments.clear();
        }
        for memory in module.memories.iter_mut() {
            memory.data_segments.clear();
        }

        // Functions that both use are the first one's.
        let mut used = BTreeSet::new();
        for at in &self.later {
            if let FunctionKind::Local(function) = &module.funcs.get(ids[*at]).kind {
                used.extend(calls(function).into_iter().map(|id| place[&id]));
            }
        }
        let mut names = (0..).map(|number: u32| number.to_string());
        let mut name = || names.next().unwrap_or_default();
        for at in used.into_iter().filter(|at| !self.later.contains(at)) {
            let id = ids[at];
            if matches!(module.funcs.get(id).kind, FunctionKind::Local(_)) {
                let name = name();
                first.exports.add(&name, theirs[at]);
                let import = module.imports.add(FIRST, &name, id);
                let function = module.funcs.get_mut(id);
                let ty = function.ty();
                function.kind = FunctionKind::Import(ImportedFunction { import, ty });
            }
        }
        // Memory, tables and globals are shared; those that the second file does not use go with the
        // last step.
        let ours: Vec<_> = module.memories.iter().map(|memory| memory.id()).collect();
        let theirs: Vec<_> = first.memories.iter().map(|memory| memory.id()).collect();
        for (id, original) in ours.into_iter().zip(theirs) {
            let name = name();
            first.exports.add(&name, original);
            module.memories.get_mut(id).import = Some(module.imports.add(FIRST, &name, id));
        }
        let size = first.tables.get(elements(first)?.0).initial;
        move_data(first, &mut module, moved);
        let ours: Vec<_> = module.tables.iter().map(|table| table.id()).collect();
        let theirs: Vec<_> = first.tables.iter().map(|table| table.id()).collect();
        for (id, original) in ours.into_iter().zip(theirs) {
            let name = name();
            first.exports.add(&name, original);
            let shared = module.tables.get_mut(id);
            if id == table {
                shared.initial = size;
                shared.maximum = shared.maximum.map(|most| most.max(size));
            }
            shared.import = Some(module.imports.add(FIRST, &name, id));
        }
        let ours: Vec<_> = module.globals.iter().map(|global| global.id()).collect();
        let theirs: Vec<_> = first.globals.iter().map(|global| global.id()).collect();
        for (id, original) in ours.into_iter().zip(theirs) {
            let name = name();
            first.exports.add(&name, original);
            let import = module.imports.add(FIRST, &name, id);
            module.globals.get_mut(id).kind = GlobalKind::Import(import);
        }

        let mut by_slot: Vec<(u64, FunctionId)> =
            slots.iter().map(|(at, slot)| (*slot, ids[*at])).collect();
        by_slot.sort_by_key(|(slot, _)| *slot);
        for run in by_slot.chunk_by(|(before, _), (after, _)| before + 1 == *after) {
            let offset = ConstExpr::Value(Value::I32(i32::try_from(run[0].0)?));
            let functions = run.iter().map(|(_, id)| *id).collect();
            let kind = ElementKind::Active { table, offset };
            let segment = module.elements.add(kind, ElementItems::Functions(functions));
            module.tables.get_mut(table).elem_segments.insert(segment);
        }
        passes::gc::run(&mut module);
        // What the second file no longer asks for, the first one need not give.
        let wanted: BTreeSet<String> = module
            .imports
            .iter()
            .filter(|import| import.module == FIRST)
            .map(|import| import.name.clone())
            .collect();
        let unwanted: Vec<_> = first
            .exports
            .iter()
            .filter(|export| export.name.parse::<u32>().is_ok() && !wanted.contains(&export.name))
            .map(|export| export.id())
            .collect();
        unwanted.into_iter().for_each(|id| first.exports.delete(id));
        Ok(module.emit_wasm())
    }
}

/// Moves what stands at these addresses from the one file's data to the other's.
fn move_data(from: &mut Module, to: &mut Module, addresses: &[Range<u32>]) {
    let Some(memory) = to.memories.iter().next().map(|memory| memory.id()) else {
        return;
    };
    let segments: Vec<_> = from.data.iter().map(|segment| segment.id()).collect();
    for id in segments {
        let segment = from.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = segment.kind
        else {
            continue;
        };
        let start = start.cast_unsigned();
        for range in addresses {
            let within = |address: u32| address.checked_sub(start).map(|at| at as usize);
            let (Some(begin), Some(end)) = (within(range.start), within(range.end)) else {
                continue;
            };
            let Some(bytes) = segment.value.get_mut(begin..end) else { continue };
            let value = bytes.to_vec();
            bytes.fill(0);
            let offset = ConstExpr::Value(Value::I32(range.start.cast_signed()));
            let id = to.data.add(DataKind::Active { memory, offset }, value);
            to.memories.get_mut(memory).data_segments.insert(id);
        }
    }
}

/// The table of functions, and what stands in it, from place 1 on without a gap.
fn elements(module: &Module) -> Result<(TableId, Vec<FunctionId>)> {
    let mut table = None;
    let mut listed = Vec::new();
    for element in module.elements.iter() {
        match (&element.kind, &element.items) {
            (
                ElementKind::Active { table: of, offset: ConstExpr::Value(Value::I32(offset)) },
                ElementItems::Functions(functions),
            ) if *table.get_or_insert(*of) == *of
                && usize::try_from(*offset).ok() == Some(listed.len() + 1) =>
            {
                listed.extend(functions);
            }
            _ => bail!("the table is filled in a way that is not understood"),
        }
    }
    table.map(|table| (table, listed)).context("there is no table of functions")
}

/// The names that only those functions have whose place in the file is one of these.
fn names(module: &Module, is_one: impl Fn(usize) -> bool) -> BTreeSet<&str> {
    let (mut names, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (at, function) in module.funcs.iter().enumerate() {
        let these = if is_one(at) { &mut names } else { &mut others };
        these.extend(function.name.as_deref());
    }
    names.retain(|name| !others.contains(name));
    names
}

/// The functions that a function calls.
fn calls(function: &LocalFunction) -> Vec<FunctionId> {
    struct Calls(Vec<FunctionId>);
    impl Visitor<'_> for Calls {
        fn visit_function_id(&mut self, id: &FunctionId) {
            self.0.push(*id);
        }
    }
    let mut calls = Calls(Vec::new());
    dfs_in_order(&mut calls, function, function.entry_block());
    calls.0
}

/// The sequences of instructions in a function.
fn sequences(function: &LocalFunction) -> Vec<InstrSeqId> {
    struct Sequences(Vec<InstrSeqId>);
    impl<'a> Visitor<'a> for Sequences {
        fn start_instr_seq(&mut self, sequence: &'a ir::InstrSeq) {
            self.0.push(sequence.id());
        }
    }
    let mut sequences = Sequences(Vec::new());
    dfs_in_order(&mut sequences, function, function.entry_block());
    sequences.0
}

/// Whether a function is this one or a closure in it.
fn is_of(name: &str, root: &str) -> bool {
    name.ends_with(root) || name.contains(&[root, "::{closure"].concat())
}
