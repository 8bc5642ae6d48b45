//! What each report is about, and what the contract calls it.

use api::ingest::v1::report::Fact;
use domain::Kind;

/// What a report is about, and its word, with which the fields in it are named.
pub fn of(fact: &Fact) -> (Kind, &'static str) {
    match fact {
        Fact::OpportunityOpened(_) => (Kind::Opportunity, "opportunity_opened"),
        Fact::OpportunityStageChanged(_) => (Kind::Opportunity, "opportunity_stage_changed"),
        Fact::OpportunityAmountChanged(_) => (Kind::Opportunity, "opportunity_amount_changed"),
        Fact::OpportunityCloseDateChanged(_) => {
            (Kind::Opportunity, "opportunity_close_date_changed")
        }
        Fact::OpportunityOwnerChanged(_) => (Kind::Opportunity, "opportunity_owner_changed"),
        Fact::OpportunityCategoryOverridden(_) => {
            (Kind::Opportunity, "opportunity_category_overridden")
        }
        Fact::OpportunityWon(_) => (Kind::Opportunity, "opportunity_won"),
        Fact::OpportunityLost(_) => (Kind::Opportunity, "opportunity_lost"),
        Fact::OpportunityAbandoned(_) => (Kind::Opportunity, "opportunity_abandoned"),
        Fact::OpportunityReopened(_) => (Kind::Opportunity, "opportunity_reopened"),
        Fact::OpportunityNoted(_) => (Kind::Opportunity, "opportunity_noted"),
        Fact::OpportunityAccountChanged(_) => (Kind::Opportunity, "opportunity_account_changed"),
        Fact::PipelineDefined(_) => (Kind::Pipeline, "pipeline_defined"),
        Fact::ProductDefined(_) => (Kind::Product, "product_defined"),
        Fact::UserDefined(_) => (Kind::User, "user_defined"),
        Fact::LeadCaptured(_) => (Kind::Lead, "lead_captured"),
        Fact::LeadDetailsCorrected(_) => (Kind::Lead, "lead_details_corrected"),
        Fact::LeadAssigned(_) => (Kind::Lead, "lead_assigned"),
        Fact::LeadWorked(_) => (Kind::Lead, "lead_worked"),
        Fact::LeadNurtured(_) => (Kind::Lead, "lead_nurtured"),
        Fact::LeadHandedOver(_) => (Kind::Lead, "lead_handed_over"),
        Fact::LeadAccepted(_) => (Kind::Lead, "lead_accepted"),
        Fact::LeadRejected(_) => (Kind::Lead, "lead_rejected"),
        Fact::LeadQualified(_) => (Kind::Lead, "lead_qualified"),
        Fact::LeadDisqualified(_) => (Kind::Lead, "lead_disqualified"),
        Fact::LeadRecycled(_) => (Kind::Lead, "lead_recycled"),
        Fact::LeadConverted(_) => (Kind::Lead, "lead_converted"),
        Fact::LeadConsentChanged(_) => (Kind::Lead, "lead_consent_changed"),
        Fact::LeadNoted(_) => (Kind::Lead, "lead_noted"),
        Fact::AccountCreated(_) => (Kind::Account, "account_created"),
        Fact::AccountRenamed(_) => (Kind::Account, "account_renamed"),
        Fact::AccountDomainChanged(_) => (Kind::Account, "account_domain_changed"),
        Fact::AccountParentChanged(_) => (Kind::Account, "account_parent_changed"),
        Fact::AccountSegmentChanged(_) => (Kind::Account, "account_segment_changed"),
        Fact::KeyAccountChanged(_) => (Kind::Account, "key_account_changed"),
        Fact::AccountOwnerChanged(_) => (Kind::Account, "account_owner_changed"),
        Fact::AccountNoted(_) => (Kind::Account, "account_noted"),
        Fact::ContactCreated(_) => (Kind::Contact, "contact_created"),
        Fact::ContactDetailsCorrected(_) => (Kind::Contact, "contact_details_corrected"),
        Fact::ContactAccountChanged(_) => (Kind::Contact, "contact_account_changed"),
        Fact::ContactConsentChanged(_) => (Kind::Contact, "contact_consent_changed"),
        Fact::ContactNoted(_) => (Kind::Contact, "contact_noted"),
        Fact::ContractActivated(_) => (Kind::Contract, "contract_activated"),
        Fact::ContractExpanded(_) => (Kind::Contract, "contract_expanded"),
        Fact::ContractContracted(_) => (Kind::Contract, "contract_contracted"),
        Fact::ContractRenewed(_) => (Kind::Contract, "contract_renewed"),
        Fact::ContractChurned(_) => (Kind::Contract, "contract_churned"),
        Fact::ContractWonBack(_) => (Kind::Contract, "contract_won_back"),
        Fact::ActivityLogged(_) => (Kind::Activity, "activity_logged"),
        Fact::ActivityOutcomeRecorded(_) => (Kind::Activity, "activity_outcome_recorded"),
        Fact::ActivityCompleted(_) => (Kind::Activity, "activity_completed"),
        Fact::ActivityCancelled(_) => (Kind::Activity, "activity_cancelled"),
        Fact::ActivityNoted(_) => (Kind::Activity, "activity_noted"),
    }
}
