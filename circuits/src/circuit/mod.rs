//! The halo2 circuit: a thin adapter from [`Plan`] and [`Witness`] to columns. It knows no network.

mod config;
mod gates;

use std::sync::Arc;

use halo2_proofs::{
    circuit::{Layouter, Region, SimpleFloorPlanner, Value},
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error},
};
use halo2curves::bn256::Fr;

pub use config::{Config, First, Second, Third};

use crate::{
    plan::{Degree, Plan, Shape},
    witness::{Challenges, Drawn, Values, Witness},
};

/// A plan with, for proving, its witness.
#[derive(Clone)]
pub struct ModelCircuit {
    /// The layout.
    pub plan: Arc<Plan>,
    /// The witness; `None` while keys are made.
    pub witness: Option<Arc<Witness>>,
}

impl Default for Shape {
    /// halo2 wants parameters to have a default; it never uses it.
    fn default() -> Self {
        Self {
            k: 0,
            lanes: 1,
            weight_columns: 1,
            degree: Degree::Three,
            precision: crate::network::Precision { bits: 11, frac: 1 },
            codes: vec![],
        }
    }
}

impl Circuit<Fr> for ModelCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.plan.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        Self { plan: self.plan.clone(), witness: None }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        Config::new(meta, &shape)
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("the shape decides the columns: halo2 calls configure_with_params")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let [s, gamma, delta, alpha] = config.challenges.map(|challenge| {
            let mut value = None;
            layouter.get_challenge(challenge).map(|c| value = Some(c));
            value
        });
        layouter.assign_region(
            || "model",
            |mut region| {
                self.assign_fixed(&config, &mut region);
                if let Some(witness) = &self.witness {
                    assign(&mut region, &witness.first.columns(&config.first));
                    if let (Some(s), Some(gamma), Some(delta)) = (s, gamma, delta) {
                        let drawn = Drawn { s, gamma, delta };
                        let second = witness.second(&self.plan, drawn);
                        assign(&mut region, &second.columns(&config.second));
                        if let Some(alpha) = alpha {
                            let third = witness.third(&self.plan, &second, Challenges { drawn, alpha });
                            assign(&mut region, &third.columns(&config.third));
                        }
                    }
                }
                self.connect(&config, &mut region);
                Ok(())
            },
        )
    }
}

fn assign(region: &mut Region<'_, Fr>, columns: &[(Column<Advice>, &Values)]) {
    for (column, values) in columns {
        for row in 0..values.len() {
            region.assign_advice(*column, row, Value::known(values.get(row)));
        }
    }
}

impl ModelCircuit {
    fn assign_fixed(&self, config: &Config, region: &mut Region<'_, Fr>) {
        for (column, values) in config.fixed().zip(self.plan.fixed()) {
            for (row, value) in (0..values.len()).map(|row| (row, values.get(row))).filter(|(_, x)| *x != Fr::zero()) {
                region.assign_fixed(column, row, value);
            }
        }
    }

    fn connect(&self, config: &Config, region: &mut Region<'_, Fr>) {
        let place = |row| halo2_proofs::circuit::Cell { row_offset: row, column: config.third.wire.into() };
        for &(a, b) in &self.plan.copies {
            region.constrain_equal(place(a), place(b));
        }
    }
}
