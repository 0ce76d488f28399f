//! The one executable of Junheng 均衡: it serves the suite or one role of it, rehearses a whole inspection (`demo`), and
//! works for administrators (`migrate`, `keys`, `accounts`, `audit`) and officers (`import`, `export`, `call`), and makes up
//! provinces to try it with (`generate`).
//!
//! - [`config`]: the settings, whose defaults are the manual.
//! - [`serve`]: puts the components together, in one process or one a process.
//! - [`client`]: what the commands do as clients of the gateway, and nothing that another client could not do.
//! - [`admin`]: what is done beside running services.
//! - [`demo`]: a made-up county and the story of its inspection.
//! - [`generate`]: a made-up province of any size.
//! - [`table`]: reads the files that offices send, and writes CSV.

mod admin;
mod cli;
mod client;
mod config;
mod demo;
mod generate;
mod private;
mod serve;
mod table;
mod text;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{AccountsCommand, AuditCommand, Cli, Command};
use config::Config;

/// An import makes and drops some hundred small values a row, on every thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The exit code of a program whose reader went away, as shells know it: 128 and SIGPIPE.
const READER_GONE: i32 = 141;

fn main() -> ExitCode {
    end_quietly_without_reader();
    let cli = Cli::parse();
    // Before any thread: this process limits its own memory to what the file may take.
    if let Command::ReadTable(args) = &cli.command {
        return ended(table::child::run(args).map(|()| true));
    }
    ended(start(cli))
}

/// `true` when all is well, `false` when the command did its work and found something wrong, which it has said.
fn start(cli: Cli) -> anyhow::Result<bool> {
    let config = cli.settings()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // Exporters need the runtime, and at the end a thread outside of it.
    let telemetry = runtime.block_on(async {
        let (log, otlp) = (&config.telemetry.log, &config.telemetry.otlp_endpoint);
        let quiet = !matches!(cli.command, Command::Serve(_));
        let log = if quiet && log == "info" { "warn" } else { log };
        let otlp = (!otlp.is_empty()).then_some(otlp.as_str());
        junheng_kernel::telemetry::start(log, config.telemetry.json, otlp)
    })?;
    let outcome = runtime.block_on(run(cli.command, config));
    telemetry.finish();
    outcome
}

async fn run(command: Command, config: Config) -> anyhow::Result<bool> {
    match command {
        Command::Serve(args) => serve::run(config, args.role).await.map(|()| true),
        Command::Demo(args) => demo::run(config, &args).await.map(|()| true),
        Command::Migrate(args) => admin::migrate(&config, args.role).await.map(|()| true),
        Command::Keys(args) => admin::keys(args.out.as_deref()).map(|()| true),
        Command::Accounts(AccountsCommand::Bootstrap { province, .. }) => {
            admin::bootstrap(config, province).await.map(|()| true)
        }
        Command::Import(args) => client::import(&config, &args).await,
        Command::Export(args) => client::export(&config, &args).await.map(|()| true),
        Command::Generate(args) => generate::run(&config, &args).await,
        Command::Call(args) => client::call(&config, &args).await,
        Command::Audit(AuditCommand::Verify(args)) => admin::verify(&config, &args).await,
        Command::ReadTable(args) => table::child::run(&args).map(|()| true),
    }
}

/// `junheng … | head` closes our standard output; that is no fault to report with a backtrace.
fn end_quietly_without_reader() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or_default();
        if message.starts_with("failed printing to stdout") {
            std::process::exit(READER_GONE);
        }
        report(panic);
    }));
}

fn ended(outcome: anyhow::Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("junheng: {error:#}");
            ExitCode::FAILURE
        }
    }
}
