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
    plan::{Feed, Flag, Number, Point, RowKind, Shape, columns_for, point},
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
    /// How often each table row is looked up as a pair.
    pub pair_count: Column<Advice>,
    /// How often each table row is looked up as a remainder.
    pub rem_count: Column<Advice>,
    /// State of the hash.
    pub hash: [Column<Advice>; WIDTH],
}

/// Advice of the second phase: what s, γ and δ make of the first, and α must not be able to influence.
#[derive(Clone, Debug)]
pub struct Second {
    /// Border terms, summed over channels.
    pub edge: Column<Advice>,
    /// Reciprocals of what is looked up, by lane.
    pub helpers: Vec<Column<Advice>>,
    /// Counts over reciprocals of the table.
    pub table: Column<Advice>,
    /// Running balance of lookups against the table.
    pub balance: Column<Advice>,
}

/// Advice of the third phase: running sums in α.
#[derive(Clone, Debug)]
pub struct Third {
    /// Running sum of a channel as its consumers read it.
    pub read: Column<Advice>,
    /// Running sum of a channel's accumulators.
    pub made: Column<Advice>,
    /// Running sum of a layer's channels.
    pub layer: Column<Advice>,
    /// Running sum of a kernel.
    pub kernel: Column<Advice>,
    /// Running total of kernel × channel over a layer.
    pub total: Column<Advice>,
    /// Running sum of hashed elements.
    pub absorbed: Column<Advice>,
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
    /// Flags by [`Flag`].
    pub flags: Vec<Column<Fixed>>,
    /// Columns that encode kinds of activation rows, then those that encode feeds.
    pub kinds: Vec<Column<Fixed>>,
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
            pair_count: one(meta, FirstPhase),
            rem_count: one(meta, FirstPhase),
            hash: std::array::from_fn(|_| one(meta, FirstPhase)),
        };
        let [s, gamma, delta] = std::array::from_fn(|_| meta.challenge_usable_after(FirstPhase));
        let second = Second {
            edge: one(meta, SecondPhase),
            helpers: many(meta, || SecondPhase, shape.lanes),
            table: one(meta, SecondPhase),
            balance: one(meta, SecondPhase),
        };
        let alpha = meta.challenge_usable_after(SecondPhase);
        let third = Third {
            read: one(meta, ThirdPhase),
            made: one(meta, ThirdPhase),
            layer: one(meta, ThirdPhase),
            kernel: one(meta, ThirdPhase),
            total: one(meta, ThirdPhase),
            absorbed: one(meta, ThirdPhase),
            wire: one(meta, ThirdPhase),
        };
        meta.enable_equality(third.wire);
        let fixed = |meta: &mut ConstraintSystem<Fr>, n| (0..n).map(|_| meta.fixed_column()).collect::<Vec<_>>();
        let config = Self {
            shape: shape.clone(),
            first,
            second,
            third,
            flags: fixed(meta, Flag::COUNT),
            kinds: fixed(meta, columns_for(shape.kinds.len()) + columns_for(Feed::COUNT)),
            numbers: fixed(meta, Number::Round0 as usize + WIDTH),
            instance: meta.instance_column(),
            challenges: [s, gamma, delta, alpha],
        };
        super::gates::constrain(meta, &config);
        config
    }
}

/// Cells of one row and its neighbours, as expressions.
pub(super) struct Cells<'a, 'b> {
    pub config: &'a Config,
    pub meta: &'a mut VirtualCells<'b, Fr>,
}

impl Cells<'_, '_> {
    pub fn flag(&mut self, flag: Flag) -> Expression<Fr> {
        self.meta.query_fixed(self.config.flags[flag as usize], Rotation::cur())
    }

    pub fn number(&mut self, number: Number) -> Expression<Fr> {
        self.meta.query_fixed(self.config.numbers[number as usize], Rotation::cur())
    }

    pub fn round_constant(&mut self, i: usize) -> Expression<Fr> {
        self.meta.query_fixed(self.config.numbers[Number::Round0 as usize + i], Rotation::cur())
    }

    /// One in rows of this kind, zero in others: of degree 2.
    pub fn kind(&mut self, index: usize) -> Expression<Fr> {
        let columns = columns_for(self.config.shape.kinds.len());
        self.select(0..columns, point(index, columns))
    }

    /// The sum over the kinds that match.
    pub fn kinds(&mut self, matches: impl Fn(&RowKind) -> bool) -> Expression<Fr> {
        let kinds = self.config.shape.kinds.clone();
        let matching = kinds.iter().enumerate().filter(|(_, kind)| matches(kind));
        matching.fold(constant(0), |sum, (index, _)| sum + self.kind(index))
    }

    /// One in rows with this feed, zero in others: of degree 2.
    pub fn feed(&mut self, feed: Feed) -> Expression<Fr> {
        let columns = columns_for(Feed::COUNT);
        let first = columns_for(self.config.shape.kinds.len());
        self.select(first..first + columns, point(feed as usize, columns))
    }

    fn select(&mut self, columns: std::ops::Range<usize>, point: Point) -> Expression<Fr> {
        let first = columns.start;
        let at = |cells: &mut Self, i: usize| cells.meta.query_fixed(cells.config.kinds[first + i], Rotation::cur());
        match point {
            Point::One(i) => {
                let sum = (0..columns.len()).fold(constant(0), |sum, j| sum + at(self, j));
                at(self, i) * (constant(2) - sum)
            }
            Point::Two(i) => {
                let half = Fr::from(2).invert().unwrap_or(Fr::zero());
                at(self, i) * (at(self, i) - constant(1)) * half
            }
            Point::Both(i, j) => at(self, i) * at(self, j),
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
