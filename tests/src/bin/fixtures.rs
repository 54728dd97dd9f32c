//! Writes what forge's tests read: generated contracts, honest proofs.

fn main() -> std::io::Result<()> {
    zkescrow_tests::fixtures::write()
}
