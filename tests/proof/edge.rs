//! The edge of a process, spoken to by hand: browsers' calls, what they may, the page of metrics, and
//! both versions of reflection.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    opportunities::v1::GetOpportunityRequest,
    planning::v1::{ListUsersRequest, ListUsersResponse},
    types::v1::ReadAt,
};
use prost::Message;
use tests::{World, data::workspace};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::Code;
use tonic_reflection::pb::{v1, v1alpha};

use crate::bad_reports::{self, on, opened, report, send, won};

/// Sends bytes to a server that closes when it has answered; gives the head and the body.
async fn exchange(world: &World, request: &[u8]) -> (String, Vec<u8>) {
    let address = world.address().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
    let body = &answer[end + 4..];
    let is_chunked = head.contains("transfer-encoding: chunked");
    (head, if is_chunked { joined(body) } else { body.to_vec() })
}

fn joined(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunked.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&chunked[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend(&chunked[end + 2..end + 2 + size]);
        chunked = &chunked[end + 2 + size + 2..];
    }
}

async fn get(world: &World, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: revops\r\nConnection: close\r\n\r\n");
    let (head, body) = exchange(world, request.as_bytes()).await;
    (head, String::from_utf8(body).unwrap())
}

/// A call as a browser makes it; gives the message, if there was one, and the trailers.
async fn call(world: &World, path: &str, message: &[u8], more: &str) -> (Option<Vec<u8>>, String) {
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: revops\r\nConnection: close\r\nX-Grpc-Web: 1\r\n\
         Content-Type: application/grpc-web+proto\r\nContent-Length: {}\r\n{more}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(&body);
    let (head, mut answer) = exchange(world, &request).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let (mut message, mut trailers) = (None, head);
    while answer.len() >= 5 {
        let length = u32::from_be_bytes(answer[1..5].try_into().unwrap()) as usize;
        let rest = answer.split_off(5 + length);
        let payload = answer[5..].to_vec();
        // The highest bit marks the frame that holds the trailers.
        if answer[0] & 0x80 == 0 {
            message = Some(payload);
        } else {
            trailers = String::from_utf8(payload).unwrap();
        }
        answer = rest;
    }
    (message, trailers)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_calls_over_http_1() {
    let world = World::start().await;
    world.define_catalog().await;
    let path = "/revops.planning.v1.PlanningService/ListUsers";
    let tenant = "revops-tenant: default\r\n";
    let (message, trailers) = call(&world, path, &[], tenant).await;
    let users = ListUsersResponse::decode(message.unwrap().as_slice()).unwrap();
    let keys: Vec<_> = users.users.iter().map(|user| user.key.as_str()).collect();
    assert!(keys.contains(&"ann"), "{keys:?}");
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    let revision = format!("revops-revision:{}-", world.position().await);
    assert!(trailers.contains(&revision), "{trailers}");

    // What is refused comes with its reason, as over gRPC.
    let far = ReadAt { min_revision: u64::MAX, ..Default::default() };
    let request = ListUsersRequest { read_at: Some(far), ..Default::default() }.encode_to_vec();
    let impatient = format!("{tenant}grpc-timeout: 50m\r\n");
    let (message, trailers) = call(&world, path, &request, &impatient).await;
    assert_eq!(message, None);
    assert!(!trailers.contains("grpc-status:0") && trailers.contains("grpc-status"), "{trailers}");
    let (_, trailers) = call(&world, path, &[], "revops-tenant: A*\r\n").await;
    assert!(
        trailers.contains("grpc-status: 3") && trailers.contains("grpc-message: a%20tenant%20is"),
        "{trailers}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_named_origins_may_call() {
    let world = World::start().await;
    let ask = |origin: &str| {
        format!(
            "OPTIONS /revops.planning.v1.PlanningService/ListUsers HTTP/1.1\r\nHost: revops\r\n\
             Connection: close\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type,x-grpc-web,revops-tenant\r\n\r\n"
        )
    };
    let (head, _) = exchange(&world, ask(World::WEB_ORIGIN).as_bytes()).await;
    let allowed = format!("access-control-allow-origin: {}", World::WEB_ORIGIN);
    assert!(head.contains(&allowed) && head.contains("revops-tenant"), "{head}");
    for other in ["http://evil.example", "http://localhost:1", "null"] {
        let (head, _) = exchange(&world, ask(other).as_bytes()).await;
        assert!(!head.contains("access-control-allow-origin"), "{other}: {head}");
    }
}

/// The samples of a page: what stands before the value, and the value.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_on_the_page_of_metrics() {
    let world = World::start().await;
    world.define_catalog().await;
    bad_reports::define_source(&world).await;
    world.open("Cranes", 1_200, "2026-01-05T00:00:00Z").await;
    let deal = |key: &str, day, fact| report(key, on(day), fact);
    let told = [("sound", 5), ("closed twice", 9), ("closed twice", 9)].map(|(key, day)| {
        vec![deal(key, 1, opened(|_| ())), deal(key, 5, won()), deal(key, day, won())]
    });
    for reports in told {
        send(&world, reports).await;
    }
    for _ in 0..3 {
        let request = GetOpportunityRequest { opportunity_id: "nobody".into(), read_at: None };
        let refused = world.opportunities().get_opportunity(world.request(request)).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    }
    let (head, page) = get(&world, "/metrics").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("openmetrics-text"), "{head}");
    assert!(page.ends_with("# EOF\n"), "{page}");
    let found = samples(&page);
    let value = |name: &str| *found.get(name).unwrap_or_else(|| panic!("no {name} in {page}"));
    let call = |rest: &str| {
        let service = r#"service="revops.opportunities.v1.OpportunityService""#;
        value(&format!("revops_{}", rest.replace("SERVICE", service)))
    };
    assert_eq!(call(r#"calls_total{SERVICE,method="OpenOpportunity",code="Ok"}"#) as u64, 1);
    let refused = r#"calls_total{SERVICE,method="GetOpportunity",code="InvalidArgument"}"#;
    assert_eq!(call(refused) as u64, 3);
    let timed = r#"call_duration_seconds_count{SERVICE,method="GetOpportunity"}"#;
    assert_eq!(call(timed) as u64, 3);
    let position = world.position().await;
    for name in [
        "revops_log_commits_appended_total",
        "revops_log_head_position",
        "revops_log_applied_position",
        r#"revops_projection_position{projection="timelines"}"#,
    ] {
        assert_eq!(value(name) as u64, position, "{name}");
    }
    let closed_twice = r#"revops_faults_total{kind="opportunity",fault="CLOSED_TWICE"}"#;
    assert_eq!(value(closed_twice) as u64, 1, "a report that is sent again brings nothing");
    assert!((1.0..=position as f64).contains(&value("revops_log_frames_appended_total")));
    for name in [
        "revops_log_conflicts_total",
        "revops_commands_waiting",
        r#"revops_projection_lag_positions{projection="timelines"}"#,
        r#"revops_projection_stopped{projection="leads"}"#,
        r#"revops_reports_total{outcome="rejected"}"#,
    ] {
        assert_eq!(value(name) as u64, 0, "{name}");
    }
    the_dashboard_shows_only_what_there_is(&page);
}

/// Every metric that the dashboard for Grafana asks for is on the page, or on that of a router.
fn the_dashboard_shows_only_what_there_is(page: &str) {
    let file = workspace().join("deploy/grafana/revops.json");
    let text = std::fs::read_to_string(file).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let words = target["expr"].as_str().unwrap();
            let words = words.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for name in words.filter(|word| word.starts_with("revops_")) {
                let is_there = page.lines().any(|line| line.starts_with(name));
                assert!(is_there || name.starts_with("revops_route_"), "{name} is nowhere");
                asked += 1;
            }
        }
    }
    assert!(asked > 5, "the dashboard asks for {asked} metrics");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_reflection_find_every_service() {
    let world = World::start().await;
    let once = |request| tokio_stream::once(request);
    let mut new = v1::server_reflection_client::ServerReflectionClient::new(world.channel());
    let list = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { message_request: Some(list), ..Default::default() };
    let mut told = new.server_reflection_info(once(request)).await.unwrap().into_inner();
    let answer = told.message().await.unwrap().unwrap().message_response.unwrap();
    let v1::server_reflection_response::MessageResponse::ListServicesResponse(found) = answer
    else {
        panic!("{answer:?}")
    };
    let found: BTreeSet<_> = found.service.into_iter().map(|service| service.name).collect();

    let once = |request| tokio_stream::once(request);
    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(world.channel());
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request =
        v1alpha::ServerReflectionRequest { message_request: Some(list), ..Default::default() };
    let mut told = old.server_reflection_info(once(request)).await.unwrap().into_inner();
    let answer = told.message().await.unwrap().unwrap().message_response.unwrap();
    let v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(same) = answer
    else {
        panic!("{answer:?}")
    };
    let same: BTreeSet<_> = same.service.into_iter().map(|service| service.name).collect();
    // Each names itself, and else they find the same.
    let others = |names: &BTreeSet<String>| -> BTreeSet<String> {
        names.iter().filter(|name| !name.starts_with("grpc.reflection.")).cloned().collect()
    };
    assert_eq!(others(&found), others(&same));
    for service in revops::config::Service::All.names() {
        assert!(found.contains(service), "{service} is not in {found:?}");
    }
}

/// A revision of another log is refused at once, one that is not there yet after a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_what_its_caller_has_seen() {
    let world = World::start().await;
    world.define_catalog().await;
    let ask = async |revision: &str, timeout_ms: u64| {
        let mut request = world.request(ListUsersRequest::default());
        request.metadata_mut().insert("revops-min-revision", revision.parse().unwrap());
        request.set_timeout(std::time::Duration::from_millis(timeout_ms));
        world.planning().list_users(request).await
    };
    let answer = ask("1", 5_000).await.unwrap();
    let told = answer.metadata().get("revops-revision").unwrap().to_str().unwrap().to_owned();
    assert!(told.starts_with(&format!("{}-", world.position().await)), "{told}");
    assert!(ask(&told, 5_000).await.is_ok());
    for wrong in ["1-0123456789abcdef", "x", "1-short"] {
        assert_eq!(ask(wrong, 5_000).await.unwrap_err().code(), Code::InvalidArgument, "{wrong}");
    }
    let next = told.replacen(&world.position().await.to_string(), "999", 1);
    assert!(ask(&next, 100).await.is_err());
    let next = (world.position().await + 1).to_string();
    let (asked, ()) = tokio::join!(ask(&next, 5_000), async {
        world.cli(&["user", "define", "zoe", "--name", "Zoe"]).await;
    });
    let users = asked.unwrap().into_inner().users;
    assert!(users.iter().any(|user| user.key == "zoe"), "{users:?}");
}
