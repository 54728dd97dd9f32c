//! Our verifiers.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::{SolCall, SolConstructor},
};
use halo2curves::bn256::Fr;
use zkescrow_circuits::commitment::scalar_word;
use zkescrow_client::{
    chain::{
        Chain,
        local::{LocalChain, Options},
    },
    checkout,
};
use zkescrow_tests::SETTING;
use zkescrow_verifier_gen::verifier;

sol! {
    contract ModelVerifier {
        constructor(address verifier, bytes32 verifierCodeHash, address key, bytes32 keyCodeHash);
        function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);
    }
}

#[tokio::test]
async fn first() {
    let s = &*SETTING;
    let generated = verifier::generate(&s.keys.verifier).expect("generated");
    std::fs::create_dir_all("/tmp/gen").unwrap();
    for (name, text) in &generated.sources {
        std::fs::write(format!("/tmp/gen/{name}"), text).unwrap();
    }
    native(s);
    let mut generated = generated;
    if let Ok(patch) = std::env::var("PATCH") {
        let (at, code) = patch.split_once('@').unwrap();
        let text = &mut generated.sources[0].1;
        assert!(text.contains(at));
        *text = text.replacen(at, &format!("{code}\n//{at}"), 1);
    }
    let contracts = verifier::compile(&generated, &checkout::solc().unwrap()).unwrap_or_else(|e| panic!("{e}"));
    eprintln!("sizes {} {} {}", contracts.shared.runtime.len(), contracts.key.runtime.len(), contracts.wrapper.runtime.len());
    let local = LocalChain::start(Options { port: 0, any_code_size: true }).unwrap();
    let chain = Chain::connect(&local.rpc, None).await.unwrap();
    let shared = chain.deploy("a", contracts.shared.creation.clone()).await.unwrap();
    let key = chain.deploy("b", contracts.key.creation.clone()).await.unwrap();
    assert_eq!(key.code_hash, B256::from(contracts.key.code_hash()));
    let arguments = ModelVerifier::constructorCall {
        verifier: shared.address,
        verifierCodeHash: shared.code_hash,
        key: key.address,
        keyCodeHash: key.code_hash,
    };
    let code = [contracts.wrapper.creation.clone(), arguments.abi_encode()].concat();
    let wrapper = chain.deploy("c", code).await.unwrap();
    let word = |x: &Fr| U256::from_be_bytes(scalar_word(x));
    let call = ModelVerifier::verifyProofCall {
        proof: s.proof.bytes.clone().into(),
        instances: s.proof.instances.iter().map(word).collect(),
    }
    .abi_encode();
    sol! { function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool); }
    let direct = verifyProofCall { key: key.address, proof: s.proof.bytes.clone().into(), instances: s.proof.instances.iter().map(word).collect() }.abi_encode();
    let answer = chain.call("ask", shared.address, direct).await.unwrap();
    eprintln!("direct {}", U256::from_be_slice(&answer));
    let answer = chain.call("ask", wrapper.address, call.clone()).await.unwrap();
    eprintln!("{answer}");
    let gas = chain.transact("verify", wrapper.address, call, 5_000_000).await.unwrap();
    eprintln!("{gas} gas");
    let _: (Address, Bytes);
}

fn native(s: &zkescrow_tests::Setting) {
    use halo2_proofs::poly::commitment::ParamsProver;
    use halo2curves::bn256::{Bn256, G1Affine};
    use snark_verifier::{
        loader::native::NativeLoader,
        pcs::kzg::{Bdfg21, KzgAs},
        system::halo2::{Config, compile, transcript::evm::EvmTranscript},
        verifier::{SnarkVerifier, plonk::PlonkVerifier},
    };
    let keys = &s.keys.verifier;
    let protocol = compile(&keys.params, &keys.vk, Config::kzg().with_num_instance(vec![4]));
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(&s.proof.bytes[..]);
    let dk = (keys.params.get_g()[0], keys.params.g2(), keys.params.s_g2()).into();
    let instances = vec![s.proof.instances.to_vec()];
    type Plonk = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;
    let proof = Plonk::read_proof(&dk, &protocol, &instances, &mut transcript).unwrap();
    eprintln!("challenges {:?}\nz {:?}\n{:?}", proof.challenges, proof.z, proof.pcs);
    use halo2curves::ff::Field;
    let d = &protocol.domain;
    let z = proof.z;
    let lag = |i: i32| {
        let w = if i < 0 { d.gen_inv.pow_vartime([(-i) as u64]) } else { d.r#gen.pow_vartime([i as u64]) };
        (z.pow_vartime([d.n as u64]) - Fr::ONE) * d.n_inv * w * (z - w).invert().unwrap()
    };
    let inst: Fr = (0..4).map(|i| lag(i) * s.proof.instances[i as usize]).sum();
    eprintln!("instance eval {inst:?}");
    let h = protocol.quotient.numerator.evaluate(
        &|c| c,
        &|common| {
            let t = format!("{common:?}");
            if t == "Identity" { z } else { lag(t.trim_start_matches("Lagrange(").trim_end_matches(")").parse().unwrap()) }
        },
        &|q| {
            protocol.evaluations.iter().position(|e| e.poly == q.poly && e.rotation.0 == q.rotation.0).map_or(inst, |i| proof.evaluations[i])
        },
        &|i| proof.challenges[i],
        &|a| -a,
        &|a, b| a + b,
        &|a, b| a * b,
        &|a, c| a * c,
    );
    eprintln!("numerator {h:?}");
    eprintln!("{:?}", Plonk::verify(&dk, &protocol, &instances, &proof).is_ok());
}
