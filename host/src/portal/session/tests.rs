//! Sessions in a file: how long they last, and what several processes make of them.

use super::*;

fn returned(cookie: &HeaderValue) -> HeaderMap {
    let text = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {text}")).unwrap())])
}

fn flow(account: &str, state: Option<&str>, began_ms: i64) -> Flow {
    let state = state.map(str::to_owned);
    Flow { app: "shop".to_owned(), account: account.to_owned(), state, began_ms, code: None }
}

fn opened(folder: &tempfile::TempDir, admin_token: &str) -> Sessions {
    let admin_token = Some(SecretString::from(admin_token));
    Sessions::open(false, admin_token, folder.path().join("sessions.json"))
}

fn sessions() -> (tempfile::TempDir, Sessions) {
    let folder = tempfile::tempdir().unwrap();
    let sessions = opened(&folder, "admin");
    (folder, sessions)
}

async fn found(sessions: &Sessions, headers: &HeaderMap, now_ms: i64) -> Option<SignedIn> {
    sessions.find(headers, now_ms).await.unwrap()
}

#[tokio::test]
async fn a_session_lasts_until_its_end_or_its_time() {
    let (_folder, sessions) = sessions();
    let headers = returned(&sessions.begin(0).await.unwrap());
    let who = found(&sessions, &headers, LIFETIME_MS - 1).await.unwrap();
    assert!(who.is_form(&who.form_token) && !who.is_form(""));
    assert!(found(&sessions, &headers, LIFETIME_MS).await.is_none());
    assert!(found(&sessions, &HeaderMap::new(), 0).await.is_none());
    sessions.end(&who).await.unwrap();
    assert!(found(&sessions, &headers, 1).await.is_none());
}

#[tokio::test]
async fn what_a_clock_has_begun_that_was_set_back_since_has_ended() {
    let (_folder, sessions) = sessions();
    let day_ms = 24 * 60 * 60 * 1000;
    let headers = returned(&sessions.begin(day_ms).await.unwrap());
    assert!(found(&sessions, &headers, day_ms - 30_000).await.is_some(), "clocks differ a little");
    assert!(found(&sessions, &headers, 0).await.is_none());
    let headers = returned(&sessions.begin(0).await.unwrap());
    let who = found(&sessions, &headers, 0).await.unwrap();
    sessions.begin_flow(&who, flow("abc123", None, day_ms)).await.unwrap();
    assert_eq!(found(&sessions, &headers, 0).await.unwrap().flows, []);
}

#[tokio::test]
async fn what_was_begun_is_finished_in_time_and_by_one_code() {
    let (_folder, sessions) = sessions();
    let headers = returned(&sessions.begin(0).await.unwrap());
    let who = found(&sessions, &headers, 0).await.unwrap();
    let begun = flow("abc123", None, 0);
    sessions.begin_flow(&who, begun.clone()).await.unwrap();
    let bind = async |flow: &Flow, code| sessions.bind_flow(&who.session, flow, code).await.unwrap();
    assert!(!bind(&flow("other9", None, 0), "c1").await, "it was not begun");
    assert!(bind(&begun, "c1").await && bind(&begun, "c1").await);
    assert!(!bind(&begun, "c2").await, "another code");
    let flows = async |now| found(&sessions, &headers, now).await.unwrap().flows;
    assert_eq!(flows(FLOW_MS - 1).await, [Flow { code: Some("c1".to_owned()), ..begun.clone() }]);
    assert_eq!(flows(FLOW_MS).await, []);
    sessions.begin_flow(&who, begun.clone()).await.unwrap();
    assert_eq!(flows(1).await, [begun], "begun anew");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_keeps_both_states_and_the_oldest_make_room() {
    let (_folder, sessions) = sessions();
    let headers = returned(&sessions.begin(0).await.unwrap());
    let who = found(&sessions, &headers, 0).await.unwrap();
    let states: Vec<String> = (0..=MOST_FLOWS).map(|number| number.to_string()).collect();
    for state in &states {
        sessions.begin_flow(&who, flow("abc123", Some(state), 0)).await.unwrap();
    }
    let flows = found(&sessions, &headers, 1).await.unwrap().flows;
    let kept: Vec<_> = flows.into_iter().filter_map(|flow| flow.state).collect();
    assert_eq!(kept, states[1..]);
}

#[tokio::test]
async fn processes_of_one_folder_share_their_sessions_and_survive_a_restart() {
    let (folder, sessions) = sessions();
    let next = opened(&folder, "admin");
    let headers = returned(&sessions.begin(0).await.unwrap());
    let gone = returned(&next.begin(0).await.unwrap());
    let who = found(&next, &headers, 0).await.unwrap();
    next.begin_flow(&who, flow("abc123", None, 0)).await.unwrap();
    sessions.end(&found(&sessions, &gone, 0).await.unwrap()).await.unwrap();

    let begun = found(&sessions, &headers, 1).await.unwrap();
    assert_eq!((begun.form_token.as_str(), begun.flows.len()), (who.form_token.as_str(), 1));
    assert!(found(&next, &gone, 1).await.is_none(), "who has signed out stays signed out");
    assert!(found(&opened(&folder, "another"), &headers, 1).await.is_none(), "another admin token");
    let both = [&sessions, &next].map(|one| one.bind_flow(&who.session, &begun.flows[0], "c1"));
    for bound in both {
        assert!(bound.await.unwrap());
    }

    let text = std::fs::read_to_string(folder.path().join("sessions.json")).unwrap();
    let cookie = headers[COOKIE].to_str().unwrap().rsplit('=').next().unwrap();
    assert!(!text.contains(cookie) && !text.contains(&who.form_token) && !text.contains("admin"), "{text}");
}

#[tokio::test]
async fn changes_of_two_processes_at_the_same_time_lose_none() {
    let (folder, one) = sessions();
    let two = opened(&folder, "admin");
    let begin = async |sessions: &Sessions| {
        let mut all = Vec::new();
        for _ in 0..20 {
            all.push(returned(&sessions.begin(0).await.unwrap()));
        }
        all
    };
    let (ones, twos) = tokio::join!(begin(&one), begin(&two));
    for headers in ones.iter().chain(&twos) {
        assert!(found(&one, headers, 1).await.is_some());
    }
}

#[tokio::test]
async fn what_cannot_be_noted_as_bound_is_not_bound() {
    let (folder, sessions) = sessions();
    let headers = returned(&sessions.begin(0).await.unwrap());
    let who = found(&sessions, &headers, 0).await.unwrap();
    sessions.begin_flow(&who, flow("abc123", None, 0)).await.unwrap();
    drop(folder);
    assert!(sessions.bind_flow(&who.session, &flow("abc123", None, 0), "c1").await.is_err());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_signs_everybody_out() {
    let (folder, sessions) = sessions();
    let headers = returned(&sessions.begin(0).await.unwrap());
    for broken in [b"{broken".as_slice(), b"\xff"] {
        std::fs::write(folder.path().join("sessions.json"), broken).unwrap();
        assert!(found(&sessions, &headers, 1).await.is_none());
    }
    let headers = returned(&sessions.begin(0).await.unwrap());
    assert!(found(&sessions, &headers, 1).await.is_some());
}

#[tokio::test]
async fn cookies_are_for_this_host_and_no_script() {
    let (folder, sessions) = sessions();
    let plain = sessions.begin(0).await.unwrap();
    assert!(plain.to_str().unwrap().ends_with("; HttpOnly; SameSite=Lax"));
    let secure = Sessions::open(true, None, folder.path().join("sessions.json")).begin(0).await.unwrap();
    let secure = secure.to_str().unwrap();
    assert!(secure.starts_with("__Host-connector="), "{secure}");
    assert!(secure.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"), "{secure}");
}

#[tokio::test]
async fn the_oldest_session_makes_room() {
    let (folder, sessions) = sessions();
    let first = returned(&sessions.begin(0).await.unwrap());
    for now in 1..=MOST {
        sessions.begin(i64::try_from(now).unwrap()).await.unwrap();
    }
    assert!(found(&sessions, &first, 1).await.is_none());
    assert_eq!(read(&folder.path().join("sessions.json")).unwrap().len(), MOST);
}
