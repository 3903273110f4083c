//! What refers to what in a WebAssembly file, as the linker says (`--emit-relocs`; "Linking" of the
//! WebAssembly tool conventions): which functions, texts and tables only some of its functions use.

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

/// What a symbol stands for.
enum Symbol {
    Function(usize),
    Data(DefinedDataSymbol),
    Other,
}

/// What the linker's file says.
#[derive(Default)]
pub(crate) struct Linked {
    code: usize,
    functions: Vec<Range<usize>>,
    imported: usize,
    data: usize,
    segments: Vec<Segment>,
    symbols: Vec<Symbol>,
    names: BTreeMap<usize, String>,
    references: Vec<Reference>,
    /// What a symbol's data refer to.
    inside: BTreeMap<usize, Vec<usize>>,
}

impl Linked {
    /// The symbols that functions refer to of which this holds, also through data. A function that has no name
    /// is one of them.
    fn used(&self, is_one: impl Fn(&str) -> bool) -> BTreeSet<usize> {
        let mut stack = Vec::new();
        for reference in self.references.iter().filter(|it| it.section == self.code) {
            let place = self.functions.partition_point(|body| body.end <= reference.at);
            let name = self.names.get(&(self.imported + place));
            if name.is_none_or(|name| is_one(name)) {
                stack.push(reference.symbol);
            }
        }
        let mut used = BTreeSet::new();
        while let Some(symbol) = stack.pop() {
            if used.insert(symbol) {
                stack.extend(self.inside.get(&symbol).into_iter().flatten());
            }
        }
        used
    }

    /// The names of all functions whose places in the table these functions know.
    pub(crate) fn known_to(&self, is_one: impl Fn(&str) -> bool) -> BTreeSet<&str> {
        let used = self.used(is_one);
        let functions = used.iter().filter_map(|symbol| match self.symbols[*symbol] {
            Symbol::Function(index) => self.names.get(&index),
            _ => None,
        });
        functions.map(String::as_str).collect()
    }

    /// Whether the linker knows a function of this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.names.values().any(|known| known == name)
    }

    /// The addresses of what these functions don't use. What no symbol stands for is none of it.
    pub(crate) fn unused_by(&self, is_one: impl Fn(&str) -> bool) -> Vec<Range<u32>> {
        let used = self.used(is_one);
        // Texts may share their bytes.
        let (mut bytes, mut shared) = (BTreeSet::new(), BTreeSet::new());
        for (number, symbol) in self.symbols.iter().enumerate() {
            if let Symbol::Data(symbol) = symbol {
                let start = self.segments[symbol.index as usize].address + symbol.offset;
                let these = if used.contains(&number) { &mut shared } else { &mut bytes };
                these.extend(start..start + symbol.size);
            }
        }
        bytes.retain(|address| !shared.contains(address));
        let mut runs: Vec<Range<u32>> = Vec::new();
        for address in bytes {
            match runs.last_mut() {
                Some(run) if run.end == address => run.end += 1,
                _ => runs.push(address..address + 1),
            }
        }
        runs
    }

    /// Reads the linker's file.
    ///
    /// # Errors
    /// When it was not asked to say what refers to what.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self> {
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
                            let of_use = [
                                RelocationType::MemoryAddrLeb,
                                RelocationType::MemoryAddrSleb,
                                RelocationType::MemoryAddrI32,
                                RelocationType::TableIndexSleb,
                                RelocationType::TableIndexI32,
                            ];
                            if of_use.contains(&entry.ty) {
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
        for reference in linked.references.iter().filter(|it| it.section == linked.data) {
            for (number, symbol) in linked.symbols.iter().enumerate() {
                let Symbol::Data(symbol) = symbol else { continue };
                let start = linked.segments[symbol.index as usize].at.start;
                let start = start + symbol.offset as usize;
                if (start..start + symbol.size as usize).contains(&reference.at) {
                    linked.inside.entry(number).or_default().push(reference.symbol);
                }
            }
        }
        Ok(linked)
    }

    fn symbol(&mut self, symbol: SymbolInfo<'_>) {
        self.symbols.push(match symbol {
            SymbolInfo::Data { symbol: Some(symbol), .. } => Symbol::Data(symbol),
            SymbolInfo::Func { index, name, .. } => {
                if let Some(name) = name {
                    let name = rustc_demangle::demangle(name).to_string();
                    self.names.insert(index as usize, name);
                }
                Symbol::Function(index as usize)
            }
            _ => Symbol::Other,
        });
    }
}
