//! The demo history.

/// Loads the demo and shows the pipeline by month.
pub async fn load_and_show(_server: &str, _tenant: &str, _seed: u64) -> anyhow::Result<()> {
    Ok(())
}
