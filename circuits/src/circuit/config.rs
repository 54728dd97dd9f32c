//! Columns of the constraint system, in the order in which the proof commits to them.

use halo2_proofs::{
    plonk::{
        Advice, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance, Phase, SecondPhase,
        ThirdPhase, VirtualCells,
    },
    poly::Rotation,
};
use halo2curves::bn256::Fr;

use crate::{
    plan::{Code, Flag, Lattice, Number, RowKind, Shape},
    poseidon::WIDTH,
};

/// Advice of the first phase: everything that challenges must not be able to influence.
#[derive(Clone, Debug)]
pub struct First {
    /// Parameters. They come first, so that their commitments open the proof.
    pub weights: Vec<Column<Advice>>,
    /// High parts of accumulators, by lane.
    pub d: Vec<Column<Advice>>,
    /// Activations, by lane.
    pub y: Vec<Column<Advice>>,
    /// Remainders, by lane.
    pub rem: Vec<Column<Advice>>,
    /// How often each table row is looked up. Beside the logits, the count of those before the label.
    pub count: Column<Advice>,
}

impl First {
    /// Where the state of the hashes lies.
    pub fn state(&self) -> [Column<Advice>; WIDTH] {
        [self.d[0], self.y[0], self.rem[0]]
    }
}

/// Advice of the second phase: what s, γ and δ make of the first, and α must not be able to influence.
#[derive(Clone, Debug)]
pub struct Second {
    /// Border terms, summed over channels. Beside the logits, whether the label is reached. In the hashes, fifth powers.
    pub edge: Column<Advice>,
    /// Reciprocals of what is looked up, by lane.
    pub helpers: Vec<Column<Advice>>,
    /// Running balance of lookups against the table.
    pub balance: Column<Advice>,
}

/// Advice of the third phase: running sums in α.
#[derive(Clone, Debug)]
pub struct Third {
    /// Running sum of a channel as its consumers read it, or of hashed elements.
    pub read: Column<Advice>,
    /// Running sum of a channel's accumulators, or of a kernel. In the hashes, squares.
    pub made: Column<Advice>,
    /// Running sum of a layer's channels, or total of kernel × channel over a layer. In the hashes, fourth powers.
    pub layer: Column<Advice>,
    /// The wire: the only column whose cells are copied.
    pub wire: Column<Advice>,
}

/// The constraint system's columns and challenges.
#[derive(Clone, Debug)]
pub struct Config {
    /// What it was made for.
    pub shape: Shape,
    /// First phase.
    pub first: First,
    /// Second phase.
    pub second: Second,
    /// Third phase.
    pub third: Third,
    /// Flags that have columns, by [`Flag`].
    pub flags: Vec<Column<Fixed>>,
    /// Columns that encode rows.
    pub codes: Vec<Column<Fixed>>,
    /// Numbers by [`Number`].
    pub numbers: Vec<Column<Fixed>>,
    /// Public instances.
    pub instance: Column<Instance>,
    /// s, γ, δ after the first phase, α after the second.
    pub challenges: [Challenge; 4],
}

fn one(meta: &mut ConstraintSystem<Fr>, phase: impl Phase) -> Column<Advice> {
    meta.advice_column_in(phase)
}

fn many<P: Phase>(meta: &mut ConstraintSystem<Fr>, phase: impl Fn() -> P, count: usize) -> Vec<Column<Advice>> {
    (0..count).map(|_| one(meta, phase())).collect()
}

impl Config {
    /// Makes columns and gates for a shape.
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let first = First {
            weights: many(meta, || FirstPhase, shape.weight_columns),
            d: many(meta, || FirstPhase, shape.lanes),
            y: many(meta, || FirstPhase, shape.lanes),
            rem: many(meta, || FirstPhase, shape.lanes),
            count: one(meta, FirstPhase),
        };
        let [s, gamma, delta] = std::array::from_fn(|_| meta.challenge_usable_after(FirstPhase));
        let second = Second {
            edge: one(meta, SecondPhase),
            helpers: many(meta, || SecondPhase, shape.lanes),
            balance: one(meta, SecondPhase),
        };
        let alpha = meta.challenge_usable_after(SecondPhase);
        let third = Third {
            read: one(meta, ThirdPhase),
            made: one(meta, ThirdPhase),
            layer: one(meta, ThirdPhase),
            wire: one(meta, ThirdPhase),
        };
        meta.enable_equality(third.wire);
        let fixed = |meta: &mut ConstraintSystem<Fr>, n| (0..n).map(|_| meta.fixed_column()).collect::<Vec<_>>();
        let config = Self {
            shape: shape.clone(),
            first,
            second,
            third,
            flags: fixed(meta, shape.flag_columns().len()),
            codes: fixed(meta, shape.lattice().columns),
            numbers: fixed(meta, Number::COUNT),
            instance: meta.instance_column(),
            challenges: [s, gamma, delta, alpha],
        };
        super::gates::constrain(meta, &config);
        config
    }
}

impl Config {
    /// All fixed columns, in the order in which [`crate::plan::Plan::fixed`] fills them.
    pub fn fixed(&self) -> impl Iterator<Item = Column<Fixed>> {
        [&self.flags, &self.codes, &self.numbers].into_iter().flatten().copied()
    }
}

/// Cells of one row and its neighbours, as expressions.
pub(super) struct Cells<'a, 'b> {
    pub config: &'a Config,
    pub lattice: Lattice,
    /// By code, its point in the lattice.
    pub points: &'a [Vec<u8>],
    pub meta: &'a mut VirtualCells<'b, Fr>,
}

impl Cells<'_, '_> {
    /// One in rows with this flag, zero in others.
    pub fn flag(&mut self, flag: Flag) -> Expression<Fr> {
        match self.config.flags.get(flag as usize) {
            Some(&column) => self.meta.query_fixed(column, Rotation::cur()),
            None => self.codes(|code| code.has(flag)),
        }
    }

    pub fn number(&mut self, number: Number) -> Expression<Fr> {
        self.meta.query_fixed(self.config.numbers[number as usize], Rotation::cur())
    }

    /// One in rows of this kind, zero in others: of the lattice's order.
    pub fn kind(&mut self, kind: RowKind) -> Expression<Fr> {
        self.kinds(|k| *k == kind)
    }

    /// The sum over the kinds that match.
    pub fn kinds(&mut self, matches: impl Fn(&RowKind) -> bool) -> Expression<Fr> {
        self.codes(|code| code.kind.as_ref().is_some_and(&matches))
    }

    fn codes(&mut self, matches: impl Fn(&Code) -> bool) -> Expression<Fr> {
        let points = self.points;
        let codes = self.config.shape.codes.iter().zip(points);
        let matching: Vec<&Vec<u8>> = codes.filter(|(code, _)| matches(code)).map(|(_, point)| point).collect();
        let selected: Vec<Expression<Fr>> = matching.into_iter().map(|point| self.select(point)).collect();
        selected.into_iter().reduce(|sum, one| sum + one).unwrap_or(constant(0))
    }

    /// One at a point of the lattice, zero at all others and at the origin.
    fn select(&mut self, point: &[u8]) -> Expression<Fr> {
        let columns: Vec<Expression<Fr>> =
            self.config.codes.iter().map(|&column| self.meta.query_fixed(column, Rotation::cur())).collect();
        let sum: usize = point.iter().map(|&x| usize::from(x)).sum();
        let (mut factors, mut scale) = (vec![], 1);
        for (column, &coordinate) in columns.iter().zip(point) {
            // Falling factorials: zero below the point in this coordinate.
            for below in 0..i64::from(coordinate) {
                factors.push(if below == 0 { column.clone() } else { column.clone() - constant(below) });
                scale *= below + 1;
            }
        }
        // Above it in all coordinates, the sum is larger.
        for above in sum + 1..=self.lattice.order {
            let all = columns.iter().cloned().reduce(|sum, column| sum + column).unwrap_or(constant(0));
            factors.push(constant(above as i64) - all);
            scale *= (above - sum) as i64;
        }
        let product = factors.into_iter().reduce(|product, factor| product * factor).unwrap_or(constant(0));
        match scale {
            1 => product,
            _ => product * Expression::Constant(Fr::from(scale as u64).invert().unwrap_or(Fr::zero())),
        }
    }

    pub fn at(&mut self, column: Column<Advice>, offset: i32) -> Expression<Fr> {
        self.meta.query_advice(column, Rotation(offset))
    }

    pub fn wire(&mut self, offset: i32) -> Expression<Fr> {
        self.at(self.config.third.wire, offset)
    }

    pub fn instance(&mut self) -> Expression<Fr> {
        self.meta.query_instance(self.config.instance, Rotation::cur())
    }

    pub fn s(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[0])
    }

    pub fn gamma(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[1])
    }

    pub fn delta(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[2])
    }

    pub fn alpha(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[3])
    }
}

/// A constant expression.
pub(super) fn constant(value: i64) -> Expression<Fr> {
    Expression::Constant(crate::plan::small(value))
}

/// A power of an expression, by squaring.
pub(super) fn power(base: &Expression<Fr>, exponent: usize) -> Expression<Fr> {
    match exponent {
        0 => constant(1),
        1 => base.clone(),
        _ => {
            let half = power(base, exponent / 2);
            let square = half.clone() * half;
            if exponent % 2 == 1 { square * base.clone() } else { square }
        }
    }
}
