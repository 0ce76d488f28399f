//! The stage: the whole suite in this process, the people, and one clock that the story moves.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::NaiveDate;
use junheng_kernel::calendar::{Calendar, start_of_day_in_china};
use junheng_kernel::clock::Clock;
use junheng_proto::registration::v1::School;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::cast::Person;
use super::county::County;
use super::tell;
use crate::client::Session;
use crate::serve::Running;

/// The hour at which people begin to work.
const NINE: i64 = 9 * 3_600 * 1_000_000;

/// The story so far.
pub struct Story {
    /// The suite.
    pub running: Running,
    /// The county that is played.
    pub county: County,
    /// Its schools as registration knows them, in the order of the county; empty until they are imported.
    pub schools: Vec<School>,
    /// Everybody who can sign in.
    pub people: Vec<Person>,
    /// The gateway without a sign-in.
    pub gate: Session,
    sessions: Mutex<HashMap<String, Session>>,
}

/// A new request id.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The morning of a day in China, microseconds since 1970.
pub fn morning_of(day: NaiveDate) -> i64 {
    start_of_day_in_china(day) + NINE
}

// === impl Story ===

impl Story {
    /// Opens the stage.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub async fn open(
        running: Running,
        county: County,
        people: Vec<Person>,
    ) -> anyhow::Result<Self> {
        let gate = Session::visit(&format!("http://{}", running.address)).await?;
        Ok(Self {
            running,
            county,
            schools: Vec::new(),
            people,
            gate,
            sessions: Mutex::new(HashMap::new()),
        })
    }

    /// The session of a person, opened when first needed.
    ///
    /// # Errors
    /// Nobody of that name in the story, a refused sign-in.
    pub async fn session(&self, who: &str) -> anyhow::Result<Session> {
        let mut sessions = self.sessions.lock().await;
        if let Some(session) = sessions.get(who) {
            return Ok(session.clone());
        }
        let person = self
            .people
            .iter()
            .find(|person| person.account.sign_in == who);
        let account = &person
            .with_context(|| format!("nobody is called {who}"))?
            .account;
        let session = self
            .gate
            .sign_in(account)
            .await
            .with_context(|| format!("{who} cannot sign in"))?;
        sessions.insert(who.to_owned(), session.clone());
        Ok(session)
    }

    /// The school of that name.
    ///
    /// # Errors
    /// When the county has none.
    pub fn school(&self, name: &str) -> anyhow::Result<&School> {
        let found = self
            .schools
            .iter()
            .find(|school| school.display_name == name);
        found.with_context(|| format!("the county has no school {name}"))
    }

    /// The clock that everybody goes by.
    pub fn clock(&self) -> &Clock {
        &self.running.ground.clock
    }

    /// Moves the clock on by so many working days.
    pub async fn days_pass(&self, working_days: u32) {
        self.advance(self.clock().today(), working_days).await;
    }

    /// Moves the clock to the morning `working_days` after `from`, for everybody. Sessions end on the way.
    pub async fn advance(&self, from: NaiveDate, working_days: u32) {
        let day = Calendar::builtin()
            .add_working_days(from, working_days)
            .date;
        self.until(day).await;
    }

    /// Moves the clock to the morning of a day, for everybody, unless that has passed.
    pub async fn until(&self, day: NaiveDate) {
        let ahead = morning_of(day) - self.clock().now_micros();
        if ahead > 0 {
            self.clock().advance_seconds(ahead / 1_000_000 + 1);
            self.sessions.lock().await.clear();
            tell::done(&format!("时钟拨到 the clock moves to {day} 09:00"));
        }
    }
}
