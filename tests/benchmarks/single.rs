//! Single registrations by many callers at once: through the gateway, and by a bare driver that sends the same writes as one
//! prepared statement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::postgres::PgPoolOptions;

use crate::arguments::Arguments;
use crate::bare::Statement;
use crate::child;
use crate::copying::{self, Mark};
use crate::ground::{Ground, Seat};
use crate::latency::Latency;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// Classes that the children go to, in many schools.
const CLASSES: i64 = 400;

/// Measures both, one after the other, over tables of the same size.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let ground = province.ground;
    let (arguments, report) = (scene.arguments, &mut *scene.report);
    let seats = Arc::new(ground.seats(CLASSES).await?);
    let gateway = through_gateway(ground, &seats, arguments).await?;
    let bare = by_driver(ground, &seats, arguments).await?;
    let seconds = arguments.time.as_secs_f64();
    let rate = |latency: &Latency| latency.count() as f64 / seconds;
    let clients = arguments.clients;
    let name = |what: &str| format!("single registration, {clients} clients{what}");
    report.add(
        name(" : one statement"),
        rate(&gateway) / rate(&bare),
        "times",
        Bound::AtLeast(0.4, 0.8),
        json!({}),
    );
    report.add(
        name(", gateway"),
        rate(&gateway),
        "a second",
        Bound::None,
        gateway.detail(),
    );
    report.add(
        name(", gateway p99"),
        gateway.quantile(0.99),
        "ms",
        Bound::None,
        gateway.detail(),
    );
    report.add(
        name(", one statement"),
        rate(&bare),
        "a second",
        Bound::None,
        bare.detail(),
    );
    report.add(
        name(", one statement p99"),
        bare.quantile(0.99),
        "ms",
        Bound::None,
        bare.detail(),
    );
    Ok(())
}

async fn through_gateway(
    ground: &Ground,
    seats: &Arc<Vec<Seat>>,
    arguments: &Arguments,
) -> anyhow::Result<Latency> {
    let clerk = ground.clerk(&seats[0].region).await;
    let until = Instant::now() + arguments.time;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..arguments.clients {
        let clerk = clerk.over(ground.world.own_channel());
        let seats = Arc::clone(seats);
        callers.spawn(async move {
            let mut latency = Latency::default();
            let mut students = clerk.students();
            for turn in caller.. {
                if Instant::now() >= until {
                    break;
                }
                let request = child::request(&child::next(), &seats[turn * 31 % seats.len()]);
                let begun = Instant::now();
                students.create_student(request).await?;
                latency.add(begun.elapsed());
            }
            anyhow::Ok(latency)
        });
    }
    gathered(callers).await
}

async fn by_driver(
    ground: &Ground,
    seats: &Arc<Vec<Seat>>,
    arguments: &Arguments,
) -> anyhow::Result<Latency> {
    // Tables of the same columns, indexes and rows.
    copying::measure(&ground.database, &Mark::default(), copying::ALL, 1).await?;
    let statement = Arc::new(Statement::of(&ground.database, copying::ALL).await?);
    let clients = u32::try_from(arguments.clients)?;
    let pool = PgPoolOptions::new()
        .max_connections(clients)
        .min_connections(clients)
        .acquire_timeout(Duration::from_secs(60))
        .connect(ground.world.database_url("registration"))
        .await?;
    let mut callers = tokio::task::JoinSet::new();
    let until = Instant::now() + arguments.time;
    for caller in 0..arguments.clients {
        let (statement, seats, pool) = (statement.clone(), seats.clone(), pool.clone());
        callers.spawn(async move {
            let mut connection = pool.acquire().await?;
            let mut latency = Latency::default();
            for turn in caller.. {
                if Instant::now() >= until {
                    break;
                }
                let seat = &seats[turn * 31 % seats.len()];
                let begun = Instant::now();
                statement.send(&mut connection, seat).await?;
                latency.add(begun.elapsed());
            }
            anyhow::Ok(latency)
        });
    }
    gathered(callers).await
}

async fn gathered(
    mut callers: tokio::task::JoinSet<anyhow::Result<Latency>>,
) -> anyhow::Result<Latency> {
    let mut all = Latency::default();
    while let Some(latency) = callers.join_next().await {
        all.extend(latency??);
    }
    Ok(all)
}
