//! Which texts and tables of a WebAssembly file only some of its functions use, by what the linker says
//! of them (`--emit-relocs`; "Linking" of the WebAssembly tool conventions).

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use wasmparser::{
    DataKind, DefinedDataSymbol, KnownCustom, Linking, Operator, Parser, Payload, RelocationType,
    SymbolInfo,
};

/// A segment of the data.
struct Segment {
    /// Where its bytes stand in the section.
    at: Range<usize>,
    /// Where they are put in memory.
    address: u32,
}

/// What one place of the file refers to: a place in a section, and a symbol.
struct Reference {
    section: usize,
    at: usize,
    symbol: usize,
}

/// What the linker's file says.
#[derive(Default)]
struct Linked {
    code: usize,
    functions: Vec<Range<usize>>,
    imported: usize,
    data: usize,
    segments: Vec<Segment>,
    symbols: Vec<Option<DefinedDataSymbol>>,
    names: BTreeMap<usize, String>,
    references: Vec<Reference>,
}

/// The addresses of what only functions of these names use, nothing of the others. A function that has
/// no name counts among the others, and so does whatever no symbol stands for.
///
/// # Errors
/// When the linker was not asked to say what refers to what.
pub(crate) fn of_only(wasm: &[u8], is_one: impl Fn(&str) -> bool) -> Result<Vec<Range<u32>>> {
    let linked = Linked::read(wasm)?;
    let mut others = BTreeSet::new();
    let mut stack = Vec::new();
    let mut refers = BTreeMap::<usize, Vec<usize>>::new();
    for reference in &linked.references {
        if reference.section == linked.code {
            let place = linked.functions.partition_point(|body| body.end <= reference.at);
            let name = linked.names.get(&(linked.imported + place));
            if !name.is_some_and(|name| is_one(name)) {
                stack.push(reference.symbol);
            }
        } else if reference.section == linked.data {
            for (number, symbol) in linked.symbols.iter().enumerate() {
                let Some(symbol) = symbol else { continue };
                let start = linked.segments[symbol.index as usize].at.start;
                let start = start + symbol.offset as usize;
                if (start..start + symbol.size as usize).contains(&reference.at) {
                    refers.entry(number).or_default().push(reference.symbol);
                }
            }
        }
    }
    while let Some(symbol) = stack.pop() {
        if others.insert(symbol) {
            stack.extend(refers.get(&symbol).into_iter().flatten());
        }
    }
    let span = |symbol: &DefinedDataSymbol| {
        let start = linked.segments[symbol.index as usize].address + symbol.offset;
        start..start + symbol.size
    };
    // Texts may share their bytes.
    let (mut bytes, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for (number, symbol) in linked.symbols.iter().enumerate() {
        let these = if others.contains(&number) { &mut shared } else { &mut bytes };
        these.extend(symbol.iter().flat_map(span));
    }
    bytes.retain(|address| !shared.contains(address));
    let mut runs: Vec<Range<u32>> = Vec::new();
    for address in bytes {
        match runs.last_mut() {
            Some(run) if run.end == address => run.end += 1,
            _ => runs.push(address..address + 1),
        }
    }
    Ok(runs)
}

impl Linked {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut linked = Linked::default();
        let mut starts = Vec::new();
        let mut said = false;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.context("no WebAssembly")?;
            if let Some((_, range)) = payload.as_section() {
                starts.push(range.start);
            }
            let section = starts.len().saturating_sub(1);
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        if matches!(import?.ty, wasmparser::TypeRef::Func(_)) {
                            linked.imported += 1;
                        }
                    }
                }
                Payload::CodeSectionStart { .. } => linked.code = section,
                Payload::CodeSectionEntry(body) => {
                    let start = starts[linked.code];
                    linked.functions.push(body.range().start - start..body.range().end - start);
                }
                Payload::DataSection(segments) => {
                    linked.data = section;
                    for segment in segments {
                        let segment = segment?;
                        let end = segment.range.end - starts[section];
                        let address = match segment.kind {
                            DataKind::Active { offset_expr, .. } => {
                                match offset_expr.get_operators_reader().read()? {
                                    Operator::I32Const { value } => value.cast_unsigned(),
                                    _ => 0,
                                }
                            }
                            DataKind::Passive => 0,
                        };
                        linked
                            .segments
                            .push(Segment { at: end - segment.data.len()..end, address });
                    }
                }
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Linking(linking) => {
                        said = true;
                        for part in linking.subsections() {
                            if let Linking::SymbolTable(symbols) = part? {
                                for symbol in symbols {
                                    linked.symbol(symbol?);
                                }
                            }
                        }
                    }
                    KnownCustom::Reloc(relocations) => {
                        let section = relocations.section_index() as usize;
                        for entry in relocations.entries() {
                            let entry = entry?;
                            let to_data = [
                                RelocationType::MemoryAddrLeb,
                                RelocationType::MemoryAddrSleb,
                                RelocationType::MemoryAddrI32,
                            ];
                            if to_data.contains(&entry.ty) {
                                let (at, symbol) = (entry.offset as usize, entry.index as usize);
                                linked.references.push(Reference { section, at, symbol });
                            }
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        anyhow::ensure!(said, "the linker does not say what refers to what");
        Ok(linked)
    }

    fn symbol(&mut self, symbol: SymbolInfo<'_>) {
        let mut data = None;
        match symbol {
            SymbolInfo::Data { symbol, .. } => data = symbol,
            SymbolInfo::Func { index, name: Some(name), .. } => {
                let name = rustc_demangle::demangle(name).to_string();
                self.names.insert(index as usize, name);
            }
            _ => {}
        }
        self.symbols.push(data);
    }
}
