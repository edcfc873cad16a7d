//! Attention by blocks of queries: the logits of a block come from one matrix product for all heads, rows of them become
//! weights in one pass, and the weights go into the next product. Backward computes the logits again. So the memory is that
//! of one block, and all multiplications are done by cuBLASLt in the arithmetic that the process has chosen.

use super::OnCuda;
use super::parts::{Site, arguments};
use super::sums::channel_sums;
use crate::attend::Sizes;
use crate::attention::{check_rate, sizes};
use crate::cuda::raw::{Grid, Product, Stack, product};
use crate::dropout::bound;
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::positions::basis;
use crate::{Attention, Dropout, RelativeAttention};
use candle_core::{DType, Device, Tensor};
use std::sync::{Mutex, PoisonError};

/// Logits that are in memory at the same time, of all heads together. (Few where kernels are simulated, so that small cases
/// have several blocks.)
const LOGITS: usize = if cfg!(feature = "cuda-simulation") { 64 } else { 1 << 26 };

/// What drops weights: the share, and the keys of the heads' masks.
#[derive(Clone, Debug)]
struct Mask {
    rate: f64,
    keys: Tensor,
}

/// An attention with its inputs.
#[derive(Clone, Debug)]
struct Attend<'a> {
    site: &'a Site,
    sizes: Sizes,
    scale: f64,
    mask: Option<Mask>,
    /// The queries that meet the keys, already scaled where `relative` is there.
    q: Tensor,
    k: Tensor,
    v: Tensor,
    /// The queries that meet the keys of distances, and these.
    relative: Option<(Tensor, Tensor)>,
}

/// A block of queries: its first and how many.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: usize,
    count: usize,
}

/// Gradients, in the type of sums. Those of queries are of [`Attend::q`] and of the queries of distances.
struct Gradients {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    distances: Option<(Tensor, Tensor)>,
}

impl Attend<'_> {
    fn groups(&self) -> usize {
        self.sizes.batch * self.sizes.heads
    }

    fn blocks(&self) -> Vec<Block> {
        let most = (LOGITS / (self.groups() * self.sizes.keys).max(1)).clamp(1, self.sizes.queries.max(1));
        // Blocks begin at multiples of 64 where they can, for the sake of alignment.
        let size = if most >= 64 { most / 64 * 64 } else { most };
        let queries = self.sizes.queries;
        (0..queries)
            .step_by(size)
            .map(|first| Block {
                first,
                count: size.min(queries - first),
            })
            .collect()
    }

    /// Matrices `[width, length]` of all heads.
    fn heads<'t>(tensor: &'t Tensor, width: usize, length: usize) -> Stack<'t> {
        Stack::new(tensor, length, width * length)
    }

    /// Matrices `[queries of the block, width]` of all heads.
    fn rows<'t>(tensor: &'t Tensor, block: Block, width: usize) -> Stack<'t> {
        Stack::new(tensor, width, block.count * width)
    }

    /// The relative logits of a block, or what is like them: one product for each example, because the keys of distances
    /// are the same for all.
    fn for_each_example(&self, block: Block, work: impl Fn(usize, usize) -> Result<()>) -> Result<()> {
        let start = self.sizes.queries - block.first - block.count;
        (0..self.sizes.batch).try_for_each(|example| work(example, start))
    }

    fn logits(&self, block: Block) -> Result<Tensor> {
        let (s, site) = (self.sizes, self.site);
        let (groups, distances) = (self.groups(), 2 * s.queries - 1);
        let logits = site.statistics(&[groups, block.count, s.keys])?;
        let q = Self::heads(&self.q, s.key_width, s.queries).from(block.first).transposed();
        let k = Self::heads(&self.k, s.key_width, s.keys);
        let c = Self::rows(&logits, block, s.keys);
        let scale = if self.relative.is_some() { 1.0 } else { self.scale };
        let sizes = (block.count, s.keys, s.key_width);
        product(
            &site.place,
            &Product {
                scale,
                ..Product::new(sizes, groups, q, k, c)
            },
        )?;
        if let Some((queries, keys)) = &self.relative {
            let width = s.keys + block.count - 1;
            let relative = site.statistics(&[groups, block.count, width])?;
            self.for_each_example(block, |example, start| {
                let from = example * s.heads;
                let q = Self::heads(queries, s.key_width, s.queries);
                let q = q.from(from * q.step + block.first).transposed();
                let r = Self::heads(keys, s.key_width, distances).from(start);
                let c = Self::rows(&relative, block, width);
                let c = c.from(from * c.step);
                product(
                    &site.place,
                    &Product::new((block.count, width, s.key_width), s.heads, q, r, c),
                )
            })?;
            let rows = groups * block.count;
            site.launch(
                "attention",
                "attention_add_relative",
                Grid::rows(rows, s.keys),
                arguments![&logits, &relative, rows, s.keys, block.count],
            )?;
        }
        Ok(logits)
    }

    fn rate(&self) -> (Option<&Tensor>, usize, f64) {
        match &self.mask {
            None => (None, 0, 1.0),
            Some(mask) => (Some(&mask.keys), bound(mask.rate) as usize, 1.0 / (1.0 - mask.rate)),
        }
    }

    /// The output and the logarithms of the sums of exponentials.
    fn forward(&self) -> Result<(Tensor, Tensor)> {
        let (s, site, groups) = (self.sizes, self.site, self.groups());
        let output = site.activations(&[s.batch, s.heads * s.value_width, s.queries])?;
        let sums = site.statistics(&[s.batch, s.heads, s.queries])?;
        let (mask, bound, keep) = self.rate();
        for block in self.blocks() {
            let logits = self.logits(block)?;
            let weights = site.activations(&[groups, block.count, s.keys])?;
            site.launch(
                "attention",
                "attention_weights",
                Grid::blocks(groups * block.count, 1),
                arguments![
                    &logits,
                    &weights,
                    &sums,
                    mask,
                    s.keys,
                    block.count,
                    s.queries,
                    block.first,
                    bound,
                    keep
                ],
            )?;
            let v = Self::heads(&self.v, s.value_width, s.keys);
            let w = Self::rows(&weights, block, s.keys).transposed();
            let c = Self::heads(&output, s.value_width, s.queries).from(block.first);
            product(
                &site.place,
                &Product::new((s.value_width, block.count, s.keys), groups, v, w, c),
            )?;
        }
        Ok((output, sums))
    }

    fn backward(&self, sums: &Tensor, gradient: &Tensor) -> Result<Gradients> {
        let (s, site, groups) = (self.sizes, self.site, self.groups());
        let distances = 2 * s.queries - 1;
        let wide = |width: usize, length: usize| site.statistics(&[s.batch, s.heads * width, length]);
        let found = Gradients {
            q: wide(s.key_width, s.queries)?,
            k: wide(s.key_width, s.keys)?,
            v: wide(s.value_width, s.keys)?,
            distances: match &self.relative {
                None => None,
                Some(_) => Some((
                    wide(s.key_width, s.queries)?,
                    site.zeros(&[s.heads * s.key_width, distances])?,
                )),
            },
        };
        let (mask, bound, keep) = self.rate();
        for block in self.blocks() {
            let logits = self.logits(block)?;
            let dims = [groups, block.count, s.keys];
            let (of_weights, weights, of_logits) = (site.statistics(&dims)?, site.activations(&dims)?, site.activations(&dims)?);
            let g = Self::heads(gradient, s.value_width, s.queries).from(block.first);
            let v = Self::heads(&self.v, s.value_width, s.keys);
            let c = Self::rows(&of_weights, block, s.keys);
            product(
                &site.place,
                &Product::new((block.count, s.keys, s.value_width), groups, g.transposed(), v, c),
            )?;
            site.launch(
                "attention",
                "attention_gradients",
                Grid::blocks(groups * block.count, 1),
                arguments![
                    &logits,
                    &of_weights,
                    sums,
                    &weights,
                    &of_logits,
                    mask,
                    s.keys,
                    block.count,
                    s.queries,
                    block.first,
                    bound,
                    keep
                ],
            )?;
            // The gradients of keys and values add up over blocks; those of the block's queries are there at once.
            let add = block.first > 0;
            let (w, l) = (Self::rows(&weights, block, s.keys), Self::rows(&of_logits, block, s.keys));
            let q = Self::heads(&self.q, s.key_width, s.queries).from(block.first);
            let k = Self::heads(&self.k, s.key_width, s.keys);
            let of_v = Self::heads(&found.v, s.value_width, s.keys);
            let of_k = Self::heads(&found.k, s.key_width, s.keys);
            let of_q = Self::heads(&found.q, s.key_width, s.queries).from(block.first);
            let sizes = (s.value_width, s.keys, block.count);
            product(
                &site.place,
                &Product {
                    add,
                    ..Product::new(sizes, groups, g, w, of_v)
                },
            )?;
            let sizes = (s.key_width, s.keys, block.count);
            product(
                &site.place,
                &Product {
                    add,
                    ..Product::new(sizes, groups, q, l, of_k)
                },
            )?;
            let sizes = (s.key_width, block.count, s.keys);
            product(&site.place, &Product::new(sizes, groups, k, l.transposed(), of_q))?;
            self.backward_distances(&found, block, &of_logits)?;
        }
        Ok(found)
    }

    fn backward_distances(&self, found: &Gradients, block: Block, of_logits: &Tensor) -> Result<()> {
        let (Some((queries, keys)), Some((of_queries, of_keys))) = (&self.relative, &found.distances) else {
            return Ok(());
        };
        let (s, site, groups) = (self.sizes, self.site, self.groups());
        let (width, distances) = (s.keys + block.count - 1, 2 * s.queries - 1);
        let relative = site.activations(&[groups, block.count, width])?;
        let rows = groups * block.count;
        site.launch(
            "attention",
            "attention_relative_gradients",
            Grid::rows(rows, width),
            arguments![of_logits, &relative, rows, s.keys, block.count],
        )?;
        self.for_each_example(block, |example, start| {
            let from = example * s.heads;
            let l = Self::rows(&relative, block, width);
            let l = l.from(from * l.step);
            let at = |tensor| {
                let q = Self::heads(tensor, s.key_width, s.queries);
                q.from(from * q.step + block.first)
            };
            let (q, of_q) = (at(queries), at(of_queries));
            let r = Self::heads(keys, s.key_width, distances).from(start);
            let of_r = Self::heads(of_keys, s.key_width, distances).from(start);
            product(
                &site.place,
                &Product::new((s.key_width, block.count, width), s.heads, r, l.transposed(), of_q),
            )?;
            let sizes = (s.key_width, width, block.count);
            product(
                &site.place,
                &Product {
                    add: true,
                    ..Product::new(sizes, s.heads, q, l, of_r)
                },
            )
        })
    }
}

/// The mask of a pass; backward finds the pass on the host.
fn mask(site: &Site, rate: f64, pass: &Pass, groups: usize) -> Result<Option<Mask>> {
    if !pass.training || rate == 0.0 {
        return Ok(None);
    }
    let keys = site.places(&[groups, 2])?;
    let arguments = arguments![&keys, groups, pass.seed, pass.step, pass.node];
    site.launch("attention", "attention_mask_keys", Grid::each(groups), arguments)?;
    Ok(Some(Mask { rate, keys }))
}

/// A pass as a tensor on the host.
fn saved_pass(pass: &Pass) -> Result<Tensor> {
    let numbers = [pass.seed, pass.step, pass.node, u64::from(pass.training)].map(|v| v as i64);
    Ok(Tensor::from_slice(&numbers, 4, &Device::Cpu)?)
}

fn restored_pass(saved: &Tensor) -> Result<Pass> {
    let numbers = saved.to_vec1::<i64>()?;
    let at = |i: usize| numbers.get(i).map_or(0, |v| *v as u64);
    Ok(Pass {
        seed: at(0),
        step: at(1),
        node: at(2),
        training: at(3) == 1,
    })
}

/// `scale (a + b)`, of sums to the activations' type.
fn scaled_sum(site: &Site, a: &Tensor, b: Option<&Tensor>, scale: f64) -> Result<Tensor> {
    let (output, count) = (site.activations(a.dims())?, a.elem_count());
    site.launch(
        "attention",
        "attention_scaled_sum",
        Grid::each(count),
        arguments![a, b, &output, count, scale],
    )?;
    Ok(output)
}

impl Operation for OnCuda<Attention> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 3..=3)?;
        check_rate(self.name(), "dropout", self.0.dropout)?;
        let sizes = sizes(
            self.name(),
            self.0.heads,
            inputs[0].dims(),
            inputs[1].dims(),
            inputs[2].dims(),
        )?;
        let site = Site::of(self.name(), inputs[0])?;
        let attend = Attend {
            sizes,
            scale: self.0.scale(sizes),
            mask: mask(&site, self.0.dropout, pass, sizes.batch * sizes.heads)?,
            q: site.activation(inputs[0])?,
            k: site.activation(inputs[1])?,
            v: site.activation(inputs[2])?,
            relative: None,
            site: &site,
        };
        let (output, sums) = attend.forward()?;
        Ok(Forward {
            output,
            saved: vec![sums, saved_pass(pass)?],
            updates: Vec::new(),
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let shape = |i| kept.shape(self.name(), i);
        let sizes = sizes(self.name(), self.0.heads, shape(0)?, shape(1)?, shape(2)?)?;
        let site = Site::of(self.name(), gradient)?;
        let pass = restored_pass(kept.saved(self.name(), 1)?)?;
        let input = |i| kept.input(self.name(), i).and_then(|t| site.activation(t));
        let attend = Attend {
            sizes,
            scale: self.0.scale(sizes),
            mask: mask(&site, self.0.dropout, &pass, sizes.batch * sizes.heads)?,
            q: input(0)?,
            k: input(1)?,
            v: input(2)?,
            relative: None,
            site: &site,
        };
        let found = attend.backward(kept.saved(self.name(), 0)?, &site.activation(gradient)?)?;
        let all = [(found.q, attend.scale), (found.k, attend.scale), (found.v, 1.0)];
        let one = |(i, (sum, scale)): (usize, (Tensor, f64))| wanted[i].then(|| scaled_sum(&site, &sum, None, scale)).transpose();
        all.into_iter().enumerate().map(one).collect()
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}

/// Features of distances that were moved to a device, by what they depend on.
static BASES: Mutex<Vec<(String, Tensor)>> = Mutex::new(Vec::new());

impl OnCuda<RelativeAttention> {
    /// The features of distances on the device, computed and moved once.
    fn basis(&self, n: usize, features: usize, dtype: DType, device: &Device) -> Result<Tensor> {
        let key = format!("{n} {features} {:?} {dtype:?} {:?}", self.0.gamma, device.location());
        let mut bases = BASES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = bases.iter().find(|(known, _)| *known == key) {
            return Ok(found.clone());
        }
        let made = Tensor::from_slice(
            basis(n, features, self.0.gamma)?.as_slice(),
            (features, 2 * n - 1),
            &Device::Cpu,
        )?;
        let moved = made.to_dtype(dtype)?.to_device(device)?;
        bases.push((key, moved.clone()));
        Ok(moved)
    }

    /// The features of distances after their dropout, `[features, 2 n - 1]`, in the activations' type.
    fn features(&self, site: &Site, n: usize, features: usize, pass: &Pass, device: &Device) -> Result<Tensor> {
        let all = site.factor(&self.basis(n, features, site.computed(), device)?)?;
        let dropout = OnCuda(Dropout {
            rate: self.0.position_dropout,
        });
        Ok(dropout.forward(&[&all], &RelativeAttention::position_pass(pass))?.output)
    }

    fn attend<'a>(&self, site: &'a Site, inputs: &[Tensor], features: &Tensor, sizes: Sizes, pass: &Pass) -> Result<Attend<'a>> {
        let scale = self.0.scale(sizes);
        let (width, count, distances) = (sizes.heads * sizes.key_width, features.dims()[0], 2 * sizes.queries - 1);
        let keys = site.activations(&[width, distances])?;
        let (a, b) = (Stack::new(&inputs[5], count, 0), Stack::new(features, distances, 0));
        product(
            &site.place,
            &Product::new((width, distances, count), 1, a, b, Stack::new(&keys, distances, 0)),
        )?;
        let biased = |bias: &Tensor| -> Result<Tensor> {
            let output = site.activations(inputs[0].dims())?;
            let rows = sizes.batch * width;
            let given = arguments![&inputs[0], bias, &output, rows, width, sizes.queries, scale];
            site.launch("attention", "attention_biased", Grid::rows(rows, sizes.queries), given)?;
            Ok(output)
        };
        Ok(Attend {
            sizes,
            scale,
            mask: mask(site, self.0.dropout, pass, sizes.batch * sizes.heads)?,
            q: biased(&inputs[3])?,
            k: inputs[1].clone(),
            v: inputs[2].clone(),
            relative: Some((biased(&inputs[4])?, keys)),
            site,
        })
    }
}

impl Operation for OnCuda<RelativeAttention> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 6..=6)?;
        check_rate(self.name(), "dropout", self.0.dropout)?;
        check_rate(self.name(), "position dropout", self.0.position_dropout)?;
        let dims: Vec<&[usize]> = inputs.iter().map(|t| t.dims()).collect();
        let (sizes, features) = self.0.sizes(&dims)?;
        let site = Site::of(self.name(), inputs[0])?;
        let all = inputs.iter().map(|t| site.factor(t)).collect::<Result<Vec<_>>>()?;
        let features = self.features(&site, sizes.queries, features, pass, inputs[0].device())?;
        let (output, sums) = self.attend(&site, &all, &features, sizes, pass)?.forward()?;
        Ok(Forward {
            output,
            saved: vec![sums, saved_pass(pass)?],
            updates: Vec::new(),
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = (0..6).map(|i| kept.shape(self.name(), i)).collect::<Result<Vec<_>>>()?;
        let (sizes, count) = self.0.sizes(&dims)?;
        let site = Site::of(self.name(), gradient)?;
        let pass = restored_pass(kept.saved(self.name(), 1)?)?;
        let all = (0..6)
            .map(|i| kept.input(self.name(), i).and_then(|t| site.factor(t)))
            .collect::<Result<Vec<_>>>()?;
        let features = self.features(&site, sizes.queries, count, &pass, gradient.device())?;
        let attend = self.attend(&site, &all, &features, sizes, &pass)?;
        let found = attend.backward(kept.saved(self.name(), 0)?, &site.activation(gradient)?)?;
        let Some((of_distances, of_keys)) = &found.distances else {
            return Ok(vec![None; wanted.len()]);
        };
        let (width, distances) = (sizes.heads * sizes.key_width, 2 * sizes.queries - 1);
        let bias = |sum: &Tensor| -> Result<Tensor> { channel_sums(&site.wide(), sum, (sizes.batch, width, sizes.queries)) };
        let projection = || -> Result<Tensor> {
            let output = site.statistics(&[width, count])?;
            let of_keys = site.narrowed(of_keys.clone())?;
            let (a, b) = (
                Stack::new(&of_keys, distances, 0),
                Stack::new(&features, distances, 0).transposed(),
            );
            product(
                &site.place,
                &Product::new((width, count, distances), 1, a, b, Stack::new(&output, count, 0)),
            )?;
            Ok(output)
        };
        Ok(vec![
            wanted[0]
                .then(|| scaled_sum(&site, &found.q, Some(of_distances), attend.scale))
                .transpose()?,
            wanted[1].then(|| site.narrowed(found.k.clone())).transpose()?,
            wanted[2].then(|| site.narrowed(found.v.clone())).transpose()?,
            wanted[3].then(|| bias(&found.q)).transpose()?,
            wanted[4].then(|| bias(of_distances)).transpose()?,
            wanted[5].then(projection).transpose()?,
        ])
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
