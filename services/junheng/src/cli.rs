//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::client::Kind;
use crate::config::Config;
use crate::serve::Component;
use crate::table;

/// Junheng 均衡: registration, staffing, assets and inspection of compulsory education in a province.
#[derive(Parser)]
#[command(name = "junheng", version, about)]
pub struct Cli {
    /// A settings file (TOML). Every setting, with its default, stands in junheng.default.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Serves: everything in one process, or one role.
    Serve(ServeArgs),
    /// Serves a made-up county and plays an inspection from the roll to the published verdict.
    Demo(DemoArgs),
    /// Brings the databases to the newest schema.
    Migrate(MigrateArgs),
    /// Makes a fresh set of keys and prints it as environment lines for each role.
    Keys(KeysArgs),
    /// Works on accounts.
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Sends a CSV or XLSX file through the gateway and prints what became of each refused row.
    Import(ImportArgs),
    /// Writes a list as CSV; of pupils asks for an export and downloads it once it is approved.
    Export(ExportArgs),
    /// Calls any method of the contract with a JSON request and prints the answer as JSON.
    Call(CallArgs),
    /// Makes up a province of any size, as files or straight through the import door.
    Generate(GenerateArgs),
    /// Works on sealed journals.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Reads a table file in a process of its own, within limits.
    #[command(hide = true)]
    ReadTable(table::child::ReadTable),
}

/// Arguments of `serve`.
#[derive(Args)]
pub struct ServeArgs {
    /// Only this role; everything otherwise.
    #[arg(long)]
    pub role: Option<Component>,
    /// Overrides serve.data_dir.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Overrides serve.listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

/// Arguments of `demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// An empty folder to keep the county in; a fresh temporary one otherwise.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Overrides serve.listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Ends after the story instead of serving on.
    #[arg(long)]
    pub exit: bool,
}

/// Arguments of `migrate`.
#[derive(Args)]
pub struct MigrateArgs {
    /// Only this role's database; all otherwise.
    #[arg(long)]
    pub role: Option<Component>,
    /// Overrides serve.data_dir.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

/// Arguments of `keys`.
#[derive(Args)]
pub struct KeysArgs {
    /// Writes one file for each role into this folder instead, readable by its owner only.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// Commands on accounts.
#[derive(Subcommand)]
pub enum AccountsCommand {
    /// Creates the three administrators of a province and prints their first passwords.
    Bootstrap {
        /// The province, two or six digits; region.province otherwise.
        #[arg(long)]
        province: Option<String>,
        /// Overrides serve.data_dir.
        #[arg(long, value_name = "FOLDER")]
        data_dir: Option<PathBuf>,
    },
}

/// Who calls, and where. Each defaults to its setting under `[client]`.
#[derive(Args, Clone)]
pub struct SignInArgs {
    /// The gateway, http://host:port.
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The account's name.
    #[arg(long, value_name = "NAME")]
    pub sign_in: Option<String>,
    /// A file that holds the password; `-` reads it from standard input. On a terminal it is asked for otherwise.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The post to act in, for accounts with several: county.clerk@regions/630103.
    #[arg(long)]
    pub post: Option<String>,
}

/// Arguments of `import`.
#[derive(Args)]
pub struct ImportArgs {
    /// What the rows are.
    pub kind: Kind,
    /// The file, .csv (UTF-8 or GB18030) or .xlsx, with column names in row 1.
    pub file: PathBuf,
    /// Where the rows go: regions/630103 or schools/{id}.
    #[arg(long)]
    pub parent: String,
    /// Checks every row and writes nothing.
    #[arg(long)]
    pub check_only: bool,
    /// Writes every row or, when one is refused, none; at most 50,000 rows.
    #[arg(long)]
    pub all_or_nothing: bool,
    /// The request id of an import that broke off, to send it again; a new one otherwise.
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<uuid::Uuid>,
    /// A new workbook (.xlsx) or .csv file for the refused rows: their cells as they were, why, and what would be right.
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Who calls.
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Arguments of `generate`.
#[derive(Args)]
pub struct GenerateArgs {
    /// How many pupils, up to 15 million.
    #[arg(long)]
    pub pupils: u64,
    /// The province, two or six digits.
    #[arg(long, default_value = "63")]
    pub province: String,
    /// Everything follows from it: the same seed and size give the same rows.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The school year in which the pupils are in their grades, by the calendar year in which it begins.
    #[arg(long, default_value_t = 2026)]
    pub year: i32,
    /// Only these counties have pupils; otherwise as many as do not get tiny.
    #[arg(long, value_name = "CODE,CODE", value_delimiter = ',')]
    pub counties: Vec<String>,
    /// Begins with this county, to go on where an earlier run broke off.
    #[arg(long, value_name = "CODE")]
    pub from: Option<String>,
    /// Ends with this county.
    #[arg(long, value_name = "CODE")]
    pub until: Option<String>,
    /// Counts persons from here, for more pupils of the same schools who are not those of an earlier run.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub persons_from: u64,
    /// A file or an import of pupils ends with the school that brings it to so many rows.
    #[arg(long, value_name = "ROWS", default_value_t = 200_000)]
    pub rows_per_request: u64,
    /// So many counties import their pupils at once.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    pub at_once: usize,
    /// A folder to write CSV files into, one folder a county.
    #[arg(
        long,
        value_name = "FOLDER",
        conflicts_with = "into",
        required_unless_present = "into"
    )]
    pub out: Option<PathBuf>,
    /// A gateway to import into, http://host:port, by an account that is clerk of each of the counties.
    #[arg(long, value_name = "URL")]
    pub into: Option<String>,
    /// Writes counts and times as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Who imports.
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Arguments of `export`.
#[derive(Args)]
pub struct ExportArgs {
    /// What to list. Pupils' records leave only by an approved export: ask with --purpose, download with --approved.
    pub kind: Kind,
    /// Of which organisation: regions/630103 or schools/{id}.
    #[arg(long, required_unless_present = "approved")]
    pub parent: Option<String>,
    /// The file to write, .csv; of pupils .xlsx too. It must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What an export of pupils is for; asks for it and prints its name.
    #[arg(long, value_name = "TEXT", conflicts_with = "approved")]
    pub purpose: Option<String>,
    /// A column of an export of pupils, for example display_name; may be given for each. All otherwise.
    #[arg(long, value_name = "NAME")]
    pub column: Vec<String>,
    /// A field that an export of pupils gives in clear; may be given for each.
    #[arg(long, value_name = "FIELD")]
    pub clear: Vec<Clear>,
    /// The export of pupils that was approved: exports/{id}. Downloads it.
    #[arg(long, value_name = "NAME")]
    pub approved: Option<String>,
    /// Who calls.
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Fields that are masked unless an approval names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Clear {
    /// The number of the identity document (身份证件号).
    IdentityNumber,
    /// The student number (学籍号).
    StudentNumber,
    /// The guardian's phone (监护人电话).
    GuardianPhone,
    /// Where the family lives (家庭住址).
    Residence,
}

/// Arguments of `call`.
#[derive(Args)]
pub struct CallArgs {
    /// The method: SchoolService/ListSchools, or with its package before it.
    pub method: String,
    /// The request as JSON; `-` reads it from standard input. An array for a stream of requests.
    #[arg(default_value = "{}")]
    pub json: String,
    /// Who calls.
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Commands on journals.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Checks every sealed row, block and signature, and names what was altered, dropped or reordered. Needs no running
    /// service.
    Verify(VerifyArgs),
}

/// Arguments of `audit verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// Overrides serve.data_dir, where the journals and the keys are.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Only this database: postgres://… or sqlite://…
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Whose journal it is, where the name of the database does not tell; or only this one of a folder.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// A checkpoint noted earlier, as printed: registration:1f2e…; may be given for each journal.
    #[arg(long, value_name = "NAME:HASH")]
    pub checkpoint: Vec<String>,
}

// === impl Cli ===

impl Cli {
    /// The settings of the command: file and environment, then its options.
    ///
    /// # Errors
    /// See [`crate::config::load`].
    pub fn settings(&self) -> anyhow::Result<Config> {
        let mut config = crate::config::load(self.config.as_deref())?;
        let (data_dir, listen) = match &self.command {
            Command::Serve(args) => (&args.data_dir, &args.listen),
            Command::Demo(args) => (&args.data_dir, &args.listen),
            Command::Migrate(args) => (&args.data_dir, &None),
            Command::Accounts(AccountsCommand::Bootstrap { data_dir, .. }) => (data_dir, &None),
            Command::Audit(AuditCommand::Verify(args)) => (&args.data_dir, &None),
            _ => (&None, &None),
        };
        if let Some(data_dir) = data_dir {
            config.serve.data_dir.clone_from(data_dir);
        }
        if let Some(listen) = listen {
            config.serve.listen.clone_from(listen);
        }
        Ok(config)
    }
}
