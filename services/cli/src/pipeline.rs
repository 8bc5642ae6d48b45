//! `pipeline`: the open deals as of any instant, counted and summed.

use api::dashboards::v1::{self as sent, GetPipelineRequest, GetPipelineResponse};
use clap::ValueEnum;
use serde::Serialize;

use crate::grid::{Cell, Grid};
use crate::money::{self, Money};
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::when::When;
use crate::wording::{given, text_shown};

/// When to look and how to group.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  revops pipeline\n  \
                        revops pipeline --as-of 2017-07-01 --by owner\n  \
                        revops pipeline --known-at 4711 -o json")]
pub struct PipelineArgs {
    #[command(flatten)]
    when: When,

    /// What makes up a row
    #[arg(long, value_enum, default_value = "stage")]
    by: By,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// Every open stage, in order
    Stage,
    Owner,
    Manager,
    Office,
    Product,
    /// Month of the expected day of closing
    Month,
}

impl From<By> for sent::PipelineBy {
    fn from(by: By) -> Self {
        match by {
            By::Stage => Self::Stage,
            By::Owner => Self::Owner,
            By::Manager => Self::Manager,
            By::Office => Self::Office,
            By::Product => Self::Product,
            By::Month => Self::Month,
        }
    }
}

/// The open pipeline.
#[derive(Debug, Serialize)]
struct Pipeline {
    #[serde(flatten)]
    standing: Standing,
    open: u64,
    open_amount: Option<Money>,
    open_amounts: Vec<Money>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    key: String,
    name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    name_erased: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pipeline: String,
    count: u64,
    amount: Option<Money>,
    amounts: Vec<Money>,
}

impl From<GetPipelineResponse> for Pipeline {
    fn from(answer: GetPipelineResponse) -> Self {
        let open_amounts: Vec<_> = answer.open_amounts.iter().map(Money::from).collect();
        let currencies = currencies_of(&open_amounts);
        Self {
            standing: Standing::of(answer.reflected),
            open: answer.open,
            open_amount: money::only(&open_amounts, &currencies),
            open_amounts,
            rows: answer.rows.into_iter().map(|row| Row::new(row, &currencies)).collect(),
        }
    }
}

impl Row {
    fn new(row: sent::PipelineRow, currencies: &[String]) -> Self {
        let name = row.name.unwrap_or_default();
        let amounts: Vec<_> = row.amounts.iter().map(Money::from).collect();
        Self {
            key: row.key,
            name_erased: name.erased,
            name: given(name.text),
            id: row.id,
            pipeline: row.pipeline,
            count: row.count,
            amount: money::only(&amounts, currencies),
            amounts,
        }
    }

    fn has_pipeline(&self) -> bool {
        !self.pipeline.is_empty()
    }
}

impl Answer for Pipeline {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.rows)
    }

    fn grid(&self) -> Grid {
        let currencies = currencies_of(&self.open_amounts);
        let by_stage = self.rows.iter().any(Row::has_pipeline);
        let mut columns = if by_stage { vec!["pipeline".to_owned()] } else { Vec::new() };
        columns.extend(["key", "name", "count"].map(str::to_owned));
        columns.extend(currencies.iter().map(|currency| amount_column(currency)));
        let mut grid = Grid::new(columns);
        for row in &self.rows {
            let mut cells = if by_stage { vec![Cell::text(&row.pipeline)] } else { Vec::new() };
            cells.push(Cell::text(&row.key));
            cells.push(Cell::text(text_shown(row.name.as_deref(), row.name_erased)));
            cells.push(Cell::Count(row.count));
            cells.extend(amount_cells(&row.amounts, &currencies));
            grid.push(cells);
        }
        let mut total = vec![Cell::text("total"), Cell::text("")];
        total.extend(by_stage.then(|| Cell::text("")));
        total.push(Cell::Count(self.open));
        total.extend(amount_cells(&self.open_amounts, &currencies));
        grid.set_total(total);
        grid
    }
}

/// The currencies of some sums, in their order.
pub fn currencies_of(amounts: &[Money]) -> Vec<String> {
    amounts.iter().map(|amount| amount.currency.clone()).collect()
}

/// The column of one currency's amounts: each has its own, so that columns can be added up.
pub fn amount_column(currency: &str) -> String {
    format!("amount_{}", currency.to_ascii_lowercase())
}

/// An amount per currency; zero where there is none.
pub fn amount_cells(amounts: &[Money], currencies: &[String]) -> Vec<Cell> {
    let amount_in = |currency: &String| amounts.iter().find(|it| it.currency == *currency).cloned();
    let or_zero = |currency| amount_in(currency).unwrap_or_else(|| Money::zero(currency));
    currencies.iter().map(|currency| Cell::Amount(Some(or_zero(currency)))).collect()
}

/// Asks and answers.
pub async fn run(args: PipelineArgs, session: &Session) -> anyhow::Result<()> {
    let request = GetPipelineRequest {
        read_at: Some(args.when.read_at(session)),
        by: sent::PipelineBy::from(args.by).into(),
    };
    let answer = session.dashboards().get_pipeline(session.request(request)).await?.into_inner();
    session.output.answer(&Pipeline::from(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::google::r#type::Money as SentMoney;
    use api::types::v1::Reflected;

    fn usd(units: i64) -> SentMoney {
        SentMoney { currency_code: "USD".into(), units, nanos: 0 }
    }

    fn stage(key: &str, count: u64, amounts: Vec<SentMoney>) -> sent::PipelineRow {
        sent::PipelineRow {
            key: key.into(),
            pipeline: "sales".into(),
            count,
            amounts,
            ..sent::PipelineRow::default()
        }
    }

    fn sample() -> GetPipelineResponse {
        GetPipelineResponse {
            reflected: Some(Reflected {
                revision: 9,
                as_of: Some(prost_types::Timestamp { seconds: 1_498_867_200, nanos: 0 }),
                known_at: 9,
                lag: 0,
                log: "0123456789abcdef".into(),
            }),
            open: 2,
            open_amounts: vec![usd(1500)],
            rows: vec![stage("new", 2, vec![usd(1500)]), stage("late", 0, vec![])],
        }
    }

    #[test]
    fn json_of_a_pipeline_in_one_currency() {
        assert_eq!(
            serde_json::to_string(&Pipeline::from(sample())).unwrap(),
            concat!(
                r#"{"revision":9,"as_of":"2017-07-01T00:00:00Z","known_at":9,"lag":0,"#,
                r#""log":"0123456789abcdef","open":2,"#,
                r#""open_amount":{"amount":"1500.00","minor":150000,"currency":"USD"},"#,
                r#""open_amounts":[{"amount":"1500.00","minor":150000,"currency":"USD"}],"#,
                r#""rows":[{"key":"new","name":null,"pipeline":"sales","count":2,"#,
                r#""amount":{"amount":"1500.00","minor":150000,"currency":"USD"},"#,
                r#""amounts":[{"amount":"1500.00","minor":150000,"currency":"USD"}]},"#,
                r#"{"key":"late","name":null,"pipeline":"sales","count":0,"#,
                r#""amount":{"amount":"0.00","minor":0,"currency":"USD"},"amounts":[]}]}"#,
            )
        );
    }

    #[test]
    fn several_currencies_have_a_column_each_and_no_single_amount() {
        let eur = SentMoney { currency_code: "EUR".into(), units: 7, nanos: 0 };
        let pipeline = Pipeline::from(GetPipelineResponse {
            open: 3,
            open_amounts: vec![eur.clone(), usd(1500)],
            rows: vec![stage("new", 2, vec![usd(1500)]), stage("late", 1, vec![eur])],
            ..GetPipelineResponse::default()
        });
        assert_eq!((&pipeline.open_amount, &pipeline.rows[0].amount), (&None, &None));
        assert_eq!(
            pipeline.grid().to_csv().unwrap(),
            "pipeline,key,name,count,amount_eur,amount_usd\n\
             sales,new,,2,0.00,1500.00\n\
             sales,late,,1,7.00,0.00\n"
        );
    }

    #[test]
    fn nothing_with_an_amount_is_null() {
        let pipeline = Pipeline::from(GetPipelineResponse::default());
        assert_eq!(pipeline.open_amount, None);
    }

    #[test]
    fn a_table_ends_with_the_total() {
        let table = Pipeline::from(sample()).grid().to_table();
        let last = table.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(last, ["total", "2", "1,500.00"]);
    }
}
