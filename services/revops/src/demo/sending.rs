//! Sends what people did: chains side by side, the calls of one chain one after another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use api::accounts::v1::account_service_client::AccountServiceClient;
use api::accounts::v1::activity_service_client::ActivityServiceClient;
use api::accounts::v1::contact_service_client::ContactServiceClient;
use api::accounts::v1::contract_service_client::ContractServiceClient;
use api::forecasting::v1::forecast_service_client::ForecastServiceClient;
use api::leads::v1::lead_service_client::LeadServiceClient;
use api::opportunities::v1::opportunity_service_client::OpportunityServiceClient;
use api::planning::v1::planning_service_client::PlanningServiceClient;
use api::types::v1::Recorded;
use tokio::task::JoinSet;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::call::{Call, Chain, Command};

/// How many chains are on their way at once.
const LANES: usize = 64;

/// Ids by the demo's names for them.
pub type Names = Arc<Mutex<HashMap<String, String>>>;

/// What became of the calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many recorded something.
    pub applied: u64,
    /// How many had been recorded before.
    pub already_there: u64,
    /// The position up to which the log holds them.
    pub revision: u64,
}

/// A connection on which a tenant's people act.
#[derive(Clone, Debug)]
pub struct Hands {
    /// The connection.
    pub channel: Channel,
    /// Whose data.
    pub tenant: MetadataValue<Ascii>,
}

impl Hands {
    /// Hands for a tenant.
    ///
    /// # Errors
    /// When the tenant cannot travel as metadata.
    pub fn new(channel: Channel, tenant: &str) -> anyhow::Result<Self> {
        let tenant = MetadataValue::try_from(tenant).context("the tenant cannot travel")?;
        Ok(Self { channel, tenant })
    }

    /// Sends chains.
    ///
    /// # Errors
    /// When a call is refused: the demo does nothing that may be.
    pub async fn send(&self, chains: &[Chain], names: &Names) -> anyhow::Result<Told> {
        let mut lanes = JoinSet::new();
        for lane in 0..LANES.min(chains.len()) {
            let chains: Vec<Chain> = chains.iter().skip(lane).step_by(LANES).cloned().collect();
            let (hands, names) = (self.clone(), Arc::clone(names));
            lanes.spawn(async move { hands.send_lane(chains, &names).await });
        }
        let mut told = Told::default();
        while let Some(lane) = lanes.join_next().await {
            let lane = lane??;
            told.applied += lane.applied;
            told.already_there += lane.already_there;
            told.revision = told.revision.max(lane.revision);
        }
        Ok(told)
    }

    async fn send_lane(&self, chains: Vec<Chain>, names: &Names) -> anyhow::Result<Told> {
        let mut told = Told::default();
        for call in chains.into_iter().flatten() {
            let call = call.resolved(&names.lock().unwrap_or_else(PoisonError::into_inner));
            let what = call.clone();
            let (recorded, id) = self
                .send_one(call)
                .await
                .with_context(|| format!("the demo's command is refused: {what:?}"))?;
            if !what.names.is_empty() {
                names.lock().unwrap_or_else(PoisonError::into_inner).insert(what.names, id);
            }
            let recorded = recorded.context("the server does not say what it recorded")?;
            let is_new = recorded.changed && !recorded.repeated;
            told.applied += u64::from(is_new);
            told.already_there += u64::from(!is_new);
            told.revision = told.revision.max(recorded.revision);
        }
        Ok(told)
    }

    /// Sends one call; gives what was recorded, and the id that the answer brings.
    async fn send_one(&self, call: Call) -> Result<(Option<Recorded>, String), Status> {
        let actor = &call.actor;
        let recorded = match call.command {
            Command::SubmitForecast(it) => {
                let answer = self.forecasts().submit_forecast(self.by(actor, it)?).await?;
                let answer = answer.into_inner();
                return Ok((answer.recorded, answer.forecast_id));
            }
            Command::AdjustForecast(it) => {
                let answer = self.forecasts().adjust_forecast(self.by(actor, it)?).await?;
                let answer = answer.into_inner();
                return Ok((answer.recorded, answer.forecast_id));
            }
            Command::ConvertLead(it) => {
                let answer = self.leads().convert_lead(self.by(actor, it)?).await?.into_inner();
                let contact = answer.conversion.map(|it| it.contact_id);
                return Ok((answer.recorded, contact.unwrap_or_default()));
            }
            Command::UnlockForecast(it) => {
                self.forecasts().unlock_forecast(self.by(actor, it)?).await?.into_inner().recorded
            }
            Command::DefineCalendar(it) => {
                self.planning().define_calendar(self.by(actor, it)?).await?.into_inner().recorded
            }
            Command::SetQuota(it) => {
                self.planning().set_quota(self.by(actor, it)?).await?.into_inner().recorded
            }
            customer => self.send_about_customer(actor, customer).await?,
        };
        Ok((recorded, String::new()))
    }

    async fn send_about_customer(
        &self,
        actor: &str,
        command: Command,
    ) -> Result<Option<Recorded>, Status> {
        let mut deals = OpportunityServiceClient::new(self.channel.clone());
        let mut accounts = AccountServiceClient::new(self.channel.clone());
        let mut contacts = ContactServiceClient::new(self.channel.clone());
        let mut activities = ActivityServiceClient::new(self.channel.clone());
        // What a call answers about what it recorded.
        macro_rules! recorded {
            ($client:expr, $call:ident, $request:ident) => {
                $client.$call(self.by(actor, $request)?).await?.into_inner().recorded
            };
        }
        Ok(match command {
            Command::ChangeAccount(it) => recorded!(deals, change_opportunity_account, it),
            Command::ChangeContactRole(it) => {
                recorded!(deals, change_opportunity_contact_role, it)
            }
            Command::CreateAccount(it) => recorded!(accounts, create_account, it),
            Command::CreateContact(it) => recorded!(contacts, create_contact, it),
            Command::CaptureLead(it) => recorded!(self.leads(), capture_lead, it),
            Command::MergeLeads(it) => recorded!(self.leads(), merge_leads, it),
            Command::DismissDuplicate(it) => recorded!(self.leads(), dismiss_lead_duplicate, it),
            Command::LogActivity(it) => recorded!(activities, log_activity, it),
            Command::RecordOutcome(it) => recorded!(activities, record_activity_outcome, it),
            Command::ActivateContract(it) => recorded!(self.contracts(), activate_contract, it),
            Command::ExpandContract(it) => recorded!(self.contracts(), expand_contract, it),
            Command::ContractContract(it) => recorded!(self.contracts(), contract_contract, it),
            Command::RenewContract(it) => recorded!(self.contracts(), renew_contract, it),
            Command::ChurnContract(it) => recorded!(self.contracts(), churn_contract, it),
            Command::WinBackContract(it) => recorded!(self.contracts(), win_back_contract, it),
            Command::DefineCalendar(_)
            | Command::SetQuota(_)
            | Command::ConvertLead(_)
            | Command::AdjustForecast(_)
            | Command::SubmitForecast(_)
            | Command::UnlockForecast(_) => None,
        })
    }

    fn forecasts(&self) -> ForecastServiceClient<Channel> {
        ForecastServiceClient::new(self.channel.clone())
    }

    fn planning(&self) -> PlanningServiceClient<Channel> {
        PlanningServiceClient::new(self.channel.clone())
    }

    fn leads(&self) -> LeadServiceClient<Channel> {
        LeadServiceClient::new(self.channel.clone())
    }

    fn contracts(&self) -> ContractServiceClient<Channel> {
        ContractServiceClient::new(self.channel.clone())
    }

    fn by<T>(&self, actor: &str, message: T) -> Result<Request<T>, Status> {
        let mut request = Request::new(message);
        let actor = MetadataValue::try_from(actor)
            .map_err(|_| Status::invalid_argument("the actor cannot travel as metadata"))?;
        request.metadata_mut().insert("revops-tenant", self.tenant.clone());
        request.metadata_mut().insert("revops-actor", actor);
        Ok(request)
    }
}
