//! Python's stack machine, as far as arrays need it.

use super::{Answer, Array, Object, texts_of};
use std::collections::HashMap;
use std::io::Read;
use std::rc::Rc;

/// Reads a pickle of protocol 2 to 4.
pub(in super::super) fn read(reader: impl Read) -> Answer<Object> {
    let mut machine = Machine {
        reader,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    while machine.step()? {}
    let value = machine.pop()?;
    machine.resolved(&value, 0)
}

/// Python's stack machine. A value that is remembered moves into the memo and leaves its place on the stack, so that
/// what is added to it later is seen wherever it stands.
struct Machine<R> {
    reader: R,
    stack: Vec<Object>,
    marks: Vec<usize>,
    memo: HashMap<usize, Object>,
}

/// Nested deeper than this is no array of ours (and may never end).
const DEEP: usize = 16;

impl<R: Read> Machine<R> {
    fn bytes(&mut self, count: u64) -> Answer<Vec<u8>> {
        let mut bytes = Vec::new();
        let found = (&mut self.reader).take(count).read_to_end(&mut bytes);
        let found = found.map_err(|e| format!("the pickle cannot be read: {e}"))?;
        if found as u64 == count {
            Ok(bytes)
        } else {
            Err("the pickle ends early".into())
        }
    }

    fn fixed<const N: usize>(&mut self) -> Answer<[u8; N]> {
        self.bytes(N as u64)?.try_into().map_err(|_| "the pickle ends early".into())
    }

    /// A length of `N` little-endian bytes.
    fn length<const N: usize>(&mut self) -> Answer<u64> {
        let mut eight = [0; 8];
        eight[..N].copy_from_slice(&self.fixed::<N>()?);
        Ok(u64::from_le_bytes(eight))
    }

    fn text(&mut self, count: u64) -> Answer<Object> {
        String::from_utf8(self.bytes(count)?)
            .map(Object::Text)
            .map_err(|_| "a text is not UTF-8".into())
    }

    fn line(&mut self) -> Answer<String> {
        let mut line = Vec::new();
        loop {
            match self.fixed::<1>()?[0] {
                b'\n' => return String::from_utf8(line).map_err(|_| "a name is not UTF-8".into()),
                byte => line.push(byte),
            }
        }
    }

    fn pop(&mut self) -> Answer<Object> {
        self.stack.pop().ok_or_else(|| "the pickle takes from an empty stack".into())
    }

    /// What stands above the last mark.
    fn above(&mut self) -> Answer<Vec<Object>> {
        let mark = self.marks.pop().filter(|m| *m <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or("the pickle has no mark")?))
    }

    fn tuple(&mut self, count: usize) -> Answer<Object> {
        let from = self
            .stack
            .len()
            .checked_sub(count)
            .ok_or("the pickle takes from an empty stack")?;
        Ok(Object::Items(self.stack.split_off(from)))
    }

    fn remember(&mut self, place: usize) -> Answer<()> {
        let value = self.pop()?;
        if !matches!(value, Object::Same(_)) {
            self.memo.insert(place, value);
            self.stack.push(Object::Same(place));
            return Ok(());
        }
        self.memo.insert(place, value.clone());
        self.stack.push(value);
        Ok(())
    }

    /// The value on top of the stack, wherever it is.
    fn top(&mut self) -> Answer<&mut Object> {
        let mut place = match self.stack.last_mut() {
            Some(Object::Same(place)) => *place,
            Some(_) => return self.stack.last_mut().ok_or_else(String::new),
            None => return Err("the pickle takes from an empty stack".into()),
        };
        for _ in 0..DEEP {
            match self.memo.get(&place) {
                Some(Object::Same(other)) => place = *other,
                _ => break,
            }
        }
        self.memo
            .get_mut(&place)
            .ok_or_else(|| "the pickle asks for what it did not keep".into())
    }

    fn add(&mut self, new: Vec<Object>) -> Answer<()> {
        match self.top()? {
            Object::Items(items) => {
                items.extend(new);
                Ok(())
            }
            _ => Err("the pickle adds to what is no list".into()),
        }
    }

    /// A value without references.
    fn resolved(&self, value: &Object, depth: usize) -> Answer<Object> {
        if depth > DEEP {
            return Err("values are nested too deep".into());
        }
        match value {
            Object::Same(place) => {
                let kept = self.memo.get(place).ok_or("the pickle asks for what it did not keep")?;
                self.resolved(kept, depth + 1)
            }
            Object::Items(items) => {
                let items: Answer<Vec<Object>> = items.iter().map(|i| self.resolved(i, depth + 1)).collect();
                items.map(Object::Items)
            }
            Object::Array(array) if matches!(array.content, Object::Items(_) | Object::Same(_)) => {
                let content = self.resolved(&array.content, depth + 1)?;
                let array = Array {
                    content,
                    ..(**array).clone()
                };
                Ok(Object::Array(Rc::new(array)))
            }
            other => Ok(other.clone()),
        }
    }

    /// One operation; whether more follow.
    fn step(&mut self) -> Answer<bool> {
        let value = match self.fixed::<1>()?[0] {
            b'.' => return Ok(false),
            0x80 => return self.fixed::<1>().map(|_| true),
            0x95 => return self.fixed::<8>().map(|_| true),
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(true);
            }
            b'q' => return self.length::<1>().and_then(|p| self.remember(p as usize)).map(|()| true),
            b'r' => return self.length::<4>().and_then(|p| self.remember(p as usize)).map(|()| true),
            0x94 => return self.remember(self.memo.len()).map(|()| true),
            b'a' => return self.pop().and_then(|one| self.add(vec![one])).map(|()| true),
            b'e' => return self.above().and_then(|all| self.add(all)).map(|()| true),
            b'b' => return self.build().map(|()| true),
            b'R' => self.call()?,
            b'h' => Object::Same(self.length::<1>()? as usize),
            b'j' => Object::Same(self.length::<4>()? as usize),
            b'N' => Object::None,
            0x88 => Object::Int(1),
            0x89 => Object::Int(0),
            b'K' => Object::Int(self.length::<1>()? as i64),
            b'M' => Object::Int(self.length::<2>()? as i64),
            b'J' => Object::Int(i64::from(i32::from_le_bytes(self.fixed()?))),
            0x8a => {
                let count = self.length::<1>()?;
                let bytes = self.bytes(count)?;
                let sign = if bytes.last().is_some_and(|b| *b > 127) { 0xff } else { 0 };
                let mut eight = [sign; 8];
                if bytes.len() > 8 {
                    return Err("a number is too large".into());
                }
                eight[..bytes.len()].copy_from_slice(&bytes);
                Object::Int(i64::from_le_bytes(eight))
            }
            b'G' => Object::Float(f64::from_be_bytes(self.fixed()?)),
            b'X' => self.length::<4>().and_then(|n| self.text(n))?,
            0x8c => self.length::<1>().and_then(|n| self.text(n))?,
            0x8d => self.length::<8>().and_then(|n| self.text(n))?,
            b'B' | b'T' => self
                .length::<4>()
                .and_then(|n| self.bytes(n))
                .map(|b| Object::Bytes(Rc::new(b)))?,
            b'C' | b'U' => self
                .length::<1>()
                .and_then(|n| self.bytes(n))
                .map(|b| Object::Bytes(Rc::new(b)))?,
            0x8e => self
                .length::<8>()
                .and_then(|n| self.bytes(n))
                .map(|b| Object::Bytes(Rc::new(b)))?,
            b')' | b']' => Object::Items(Vec::new()),
            b't' => Object::Items(self.above()?),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                Object::Global(format!("{module}.{name}"))
            }
            0x93 => {
                let pair = self.tuple(2)?;
                match self.resolved(&pair, 0)?.texts()?.as_slice() {
                    [module, name] => Object::Global(format!("{module}.{name}")),
                    _ => return Err("the pickle names a function without a module".into()),
                }
            }
            other => return Err(format!("the pickle has an operation 0x{other:02x}, which no array needs")),
        };
        self.stack.push(value);
        Ok(true)
    }

    /// Calls one of the few functions that arrays are made with.
    fn call(&mut self) -> Answer<Object> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (arguments, function) = (self.resolved(&arguments, 0)?, self.resolved(&function, 0)?);
        let Object::Global(name) = &function else {
            return Err("the pickle calls what is no function".into());
        };
        let arguments = arguments.items().unwrap_or_default();
        match (name.as_str(), arguments) {
            ("numpy.core.multiarray._reconstruct" | "numpy._core.multiarray._reconstruct", _) => {
                Ok(Object::Array(Rc::new(Array {
                    shape: Vec::new(),
                    code: String::new(),
                    swapped: false,
                    by_column: false,
                    content: Object::None,
                })))
            }
            ("numpy.dtype", [Object::Text(code), ..]) => Ok(Object::Type {
                code: code.clone(),
                swapped: false,
            }),
            ("numpy.dtype", [Object::Bytes(code), ..]) => Ok(Object::Type {
                code: String::from_utf8_lossy(code).into_owned(),
                swapped: false,
            }),
            ("_codecs.encode", [Object::Text(text), ..]) => {
                let byte = |c| u8::try_from(c).map_err(|_| "bytes are written as text that is no Latin-1".to_string());
                text.chars()
                    .map(byte)
                    .collect::<Answer<Vec<u8>>>()
                    .map(|b| Object::Bytes(Rc::new(b)))
            }
            (
                "numpy.core.multiarray.scalar" | "numpy._core.multiarray.scalar",
                [Object::Type { code, swapped }, Object::Bytes(bytes)],
            ) => match texts_of(code, *swapped, bytes)?.pop() {
                Some(text) => Ok(Object::Text(text)),
                None => Ok(Object::Text(String::new())),
            },
            _ => Err(format!("the pickle calls `{name}`, which is not read here")),
        }
    }

    /// Gives an array or a type its state.
    fn build(&mut self) -> Answer<()> {
        let state = self.pop()?;
        let state = self.resolved(&state, 0)?;
        let state = state.items().unwrap_or_default();
        match (self.top()?, state) {
            (Object::Type { swapped, .. }, [_, Object::Text(order), ..]) => *swapped = order == ">",
            (Object::Type { swapped, .. }, [_, Object::Bytes(order), ..]) => *swapped = order.as_slice() == b">",
            (
                Object::Array(array),
                [
                    Object::Int(_),
                    Object::Items(shape),
                    Object::Type { code, swapped },
                    Object::Int(by_column),
                    content,
                ],
            ) => {
                let size = |n: &Object| match n {
                    Object::Int(n) => usize::try_from(*n).map_err(|_| format!("an array has a side of {n}")),
                    _ => Err("an array has a side that is no number".to_string()),
                };
                *array = Rc::new(Array {
                    shape: shape.iter().map(size).collect::<Answer<_>>()?,
                    code: code.clone(),
                    swapped: *swapped,
                    by_column: *by_column == 1,
                    content: content.clone(),
                });
            }
            _ => return Err("the pickle sets the state of what is no array".into()),
        }
        Ok(())
    }
}
