//! The reports about leads that a row's values make.

use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    LeadAccepted, LeadAssigned, LeadCaptured, LeadConverted, LeadDisqualified, LeadHandedOver,
    LeadNoted, LeadNurtured, LeadQualified, LeadRecycled, LeadRejected, LeadWorked,
};

use super::fact::{Flaw, Values};
use super::kind::FactKind;

impl Values<'_> {
    /// The fact about a lead that the values state; `None` for a kind that is about anything else.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn lead(&self, kind: FactKind) -> Result<Option<Fact>, Flaw> {
        let (reason_code, reason) = (self.text("reason_code"), self.text("reason"));
        Ok(Some(match kind {
            FactKind::LeadCaptured => Fact::LeadCaptured(LeadCaptured {
                name: self.text("name"),
                email: self.text("email"),
                phone: self.text("phone"),
                company: self.text("company"),
                title: self.text("title"),
                channel: self.text("channel"),
                campaign: self.text("campaign"),
                owner: self.text("owner"),
            }),
            FactKind::LeadAssigned => {
                Fact::LeadAssigned(LeadAssigned { owner: self.text("owner") })
            }
            FactKind::LeadWorked => Fact::LeadWorked(LeadWorked {}),
            FactKind::LeadNurtured => Fact::LeadNurtured(LeadNurtured { reason_code, reason }),
            FactKind::LeadHandedOver => Fact::LeadHandedOver(LeadHandedOver {}),
            FactKind::LeadAccepted => Fact::LeadAccepted(LeadAccepted {}),
            FactKind::LeadRejected => Fact::LeadRejected(LeadRejected { reason_code, reason }),
            FactKind::LeadQualified => Fact::LeadQualified(LeadQualified {}),
            FactKind::LeadDisqualified => {
                Fact::LeadDisqualified(LeadDisqualified { reason_code, reason })
            }
            FactKind::LeadRecycled => Fact::LeadRecycled(LeadRecycled { reason_code, reason }),
            FactKind::LeadConverted => Fact::LeadConverted(LeadConverted {
                account: self.text("account"),
                contact: self.text("contact"),
                opportunity: self.text("opportunity"),
            }),
            FactKind::LeadNoted => Fact::LeadNoted(LeadNoted { text: self.required("text")? }),
            _ => return Ok(None),
        }))
    }
}
