//! Columns of the constraint system, in the order in which the proof commits to them.

use halo2_proofs::{
    plonk::{
        Advice, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance, SecondPhase, VirtualCells,
    },
    poly::Rotation,
};
use halo2curves::bn256::Fr;

use crate::{
    plan::{Flag, Number, Shape, Wire},
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

/// Advice of the second phase: what challenges make of the first.
#[derive(Clone, Debug)]
pub struct Second {
    /// Running sum of a channel as its consumers read it.
    pub read: Column<Advice>,
    /// Running sum of accumulators over all layers.
    pub made: Column<Advice>,
    /// Running sum of a kernel.
    pub kernel: Column<Advice>,
    /// Running total of kernel × channel.
    pub total: Column<Advice>,
    /// Running sum of hashed elements.
    pub absorbed: Column<Advice>,
    /// Wires: steps of the reading sum, steps of the produced sum, everything else.
    pub wires: [Column<Advice>; 3],
    /// Reciprocals of looked-up pairs, by lane.
    pub pair_helpers: Vec<Column<Advice>>,
    /// Reciprocals of looked-up remainders, by lane.
    pub rem_helpers: Vec<Column<Advice>>,
    /// Count over reciprocal of the table's pairs.
    pub pair_table: Column<Advice>,
    /// Count over reciprocal of the table's remainders.
    pub rem_table: Column<Advice>,
    /// Running balance of lookups against tables.
    pub balance: Column<Advice>,
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
    /// Flags by [`Flag`].
    pub flags: Vec<Column<Fixed>>,
    /// Numbers by [`Number`].
    pub numbers: Vec<Column<Fixed>>,
    /// Lane masks.
    pub masks: Vec<Column<Fixed>>,
    /// Public instances.
    pub instance: Column<Instance>,
    /// α, s, γ, δ.
    pub challenges: [Challenge; 4],
}

impl Config {
    /// Makes columns and gates for a shape.
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let one = |meta: &mut ConstraintSystem<Fr>| meta.advice_column_in(FirstPhase);
        let many = |meta: &mut ConstraintSystem<Fr>, n| (0..n).map(|_| one(meta)).collect::<Vec<_>>();
        let first = First {
            weights: many(meta, shape.weight_columns),
            d: many(meta, shape.lanes),
            y: many(meta, shape.lanes),
            rem: many(meta, shape.lanes),
            pair_count: one(meta),
            rem_count: one(meta),
            hash: std::array::from_fn(|_| one(meta)),
        };
        let challenges = std::array::from_fn(|_| meta.challenge_usable_after(FirstPhase));
        let one = |meta: &mut ConstraintSystem<Fr>| meta.advice_column_in(SecondPhase);
        let many = |meta: &mut ConstraintSystem<Fr>, n| (0..n).map(|_| one(meta)).collect::<Vec<_>>();
        let second = Second {
            read: one(meta),
            made: one(meta),
            kernel: one(meta),
            total: one(meta),
            absorbed: one(meta),
            wires: std::array::from_fn(|_| one(meta)),
            pair_helpers: many(meta, shape.lanes),
            rem_helpers: many(meta, shape.lanes),
            pair_table: one(meta),
            rem_table: one(meta),
            balance: one(meta),
        };
        for wire in second.wires {
            meta.enable_equality(wire);
        }
        let fixed = |meta: &mut ConstraintSystem<Fr>, n| (0..n).map(|_| meta.fixed_column()).collect::<Vec<_>>();
        let config = Self {
            shape: shape.clone(),
            first,
            second,
            flags: fixed(meta, Flag::COUNT),
            numbers: fixed(meta, Number::Round0 as usize + WIDTH),
            masks: fixed(meta, shape.masks()),
            instance: meta.instance_column(),
            challenges,
        };
        super::gates::constrain(meta, &config);
        config
    }

    /// Column of a wire.
    pub fn wire(&self, wire: Wire) -> Column<Advice> {
        self.second.wires[wire as usize]
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

    /// The lane's mask: one where no row switches it off.
    pub fn mask(&mut self, lane: usize) -> Expression<Fr> {
        match self.config.shape.lane_masks[lane] {
            Some(mask) => self.meta.query_fixed(self.config.masks[mask], Rotation::cur()),
            None => constant(1),
        }
    }

    pub fn at(&mut self, column: Column<Advice>, offset: i32) -> Expression<Fr> {
        self.meta.query_advice(column, Rotation(offset))
    }

    pub fn instance(&mut self) -> Expression<Fr> {
        self.meta.query_instance(self.config.instance, Rotation::cur())
    }

    pub fn alpha(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[0])
    }

    pub fn s(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[1])
    }

    pub fn gamma(&mut self) -> Expression<Fr> {
        self.meta.query_challenge(self.config.challenges[2])
    }

    pub fn delta(&mut self) -> Expression<Fr> {
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
