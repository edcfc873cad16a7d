//! The command `cistron`.

use cistron_kernel::notebook::Parameter;
use cistron_kernel::run::{Request, RunError, check, run};
use cistron_kernel::sdk::{
    Sdk, SdkError, Where, cache_folder, install, install_from, is_current, pack, source_folder, write_kernelspec,
};
use cistron_kernel::{doctor, engine::link, export, jupyter, png, verify};
use clap::{Parser, Subcommand};
use std::error::Error;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// A Jupyter kernel and a language for networks over genomes.
#[derive(Parser)]
#[command(name = "cistron", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds what cells link against and tells Jupyter about the kernel.
    Install {
        /// For this user (the default).
        #[arg(long, conflicts_with = "prefix")]
        user: bool,
        /// Under a prefix, for example a virtual environment.
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
        /// The workspace to build from, if not the one this command came from.
        #[arg(long, value_name = "DIR", conflicts_with = "from")]
        source: Option<PathBuf>,
        /// Takes what `cistron pack` wrote on another machine, and builds nothing.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Writes the installation into one file, for machines without a network or time to compile.
    Pack {
        /// The file to write; `cistron install --from FILE` takes it.
        file: PathBuf,
        /// Puts the compiler into it, too, for machines without Rust.
        #[arg(long)]
        with_toolchain: bool,
        /// The workspace to build from, if not the one this command came from.
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
    /// Executes a notebook; needs neither Jupyter nor Python.
    Run {
        /// The notebook.
        notebook: PathBuf,
        /// A value in place of the one in the cell tagged `parameters`; may be given several times.
        #[arg(short, long = "parameter", value_name = "NAME=VALUE")]
        parameters: Vec<Parameter>,
        /// Where the executed notebook goes [default: NAME.out.ipynb beside it].
        #[arg(short, long, value_name = "OUT.ipynb")]
        output: Option<PathBuf>,
        /// Stores figures as PNG, too, with so many pixels for each of their own [default: 2].
        #[arg(long, value_name = "SCALE", num_args = 0..=1, default_missing_value = "2")]
        png: Option<f32>,
        /// The workspace to build from, if not the one this command came from.
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
    /// Makes PNG files of SVG figures, beside them.
    Png {
        /// The figures.
        #[arg(required = true, value_name = "FIGURE.svg")]
        figures: Vec<PathBuf>,
        /// Pixels for each of the figure's; 2 is 192 dots per inch.
        #[arg(long, default_value_t = png::SCALE)]
        scale: f32,
    },
    /// Runs a notebook again and compares what comes out with what is stored in it.
    ///
    /// Ends with 0 when all is the same, 1 when something differs, 2 when it could not be run.
    Verify {
        /// The executed notebook.
        notebook: PathBuf,
        /// How far numbers may be apart in cells without a tag `tolerance=..`; relative to the larger where that is above 1.
        #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
        tolerance: f64,
        /// Where the report goes [default: NAME.verify.html beside it].
        #[arg(long, value_name = "FILE.html")]
        report: Option<PathBuf>,
        /// Where the notebook as it ran goes, if it is to be kept.
        #[arg(short, long, value_name = "OUT.ipynb")]
        output: Option<PathBuf>,
        /// The workspace to build from, if not the one this command came from.
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
    /// Makes a cargo project of a notebook.
    Export {
        /// The notebook.
        notebook: PathBuf,
        /// The folder of the project.
        folder: PathBuf,
        /// Write over the files of an earlier export.
        #[arg(long)]
        force: bool,
        /// The workspace to build from, if not the one this command came from.
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
    /// What Jupyter starts.
    Kernel {
        /// The file that says which ports to listen on.
        #[arg(long, value_name = "FILE")]
        connection_file: PathBuf,
    },
    /// Says what is there, and what to do about what is missing.
    Doctor {
        /// The workspace to build from, if not the one this command came from.
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    if let Some(error) = link::become_linker() {
        eprintln!("the linker did not start: {error}");
        return ExitCode::FAILURE;
    }
    let task = Arguments::parse().command;
    // 1 says that a notebook is not the same.
    let failed = ExitCode::from(if matches!(task, Task::Verify { .. }) { 2 } else { 1 });
    match carry_out(task) {
        Ok(code) => code,
        Err(error) => {
            let text = error.to_string();
            let text = if std::io::stderr().is_terminal() {
                text
            } else {
                without_colours(&text)
            };
            eprintln!("error: {text}");
            failed
        }
    }
}

fn carry_out(task: Task) -> Result<ExitCode, Box<dyn Error>> {
    let command = std::env::current_exe()?;
    match task {
        Task::Install {
            user: _,
            prefix,
            from: Some(file),
            ..
        } => {
            let place = prefix.map_or(Where::User, Where::Prefix);
            let unpacked = install_from(&file)?;
            eprintln!("libraries for cells: {}", unpacked.sdk.folder.display());
            let spec = write_kernelspec(&place, &unpacked.command, &unpacked.sdk.source)?;
            eprintln!(
                "kernel for Jupyter: {}\ncommand: {}",
                spec.display(),
                unpacked.command.display()
            );
        }
        Task::Pack {
            file,
            with_toolchain,
            source,
        } => {
            let sdk = ready(&source_folder(source.as_deref())?)?;
            let size = pack(&sdk, &command, &file, with_toolchain)?;
            eprintln!(
                "{}: {} MB, for {} and {}",
                file.display(),
                size / 1_000_000,
                sdk.triple,
                first_line(&sdk.rustc_version)
            );
        }
        Task::Install {
            user: _, prefix, source, ..
        } => {
            let source = source_folder(source.as_deref())?;
            let place = prefix.map_or(Where::User, Where::Prefix);
            build(&source)?;
            let spec = write_kernelspec(&place, &command, &source)?;
            eprintln!("kernel for Jupyter: {}", spec.display());
        }
        Task::Run {
            notebook,
            parameters,
            output,
            png,
            source,
        } => {
            let request = Request {
                notebook,
                parameters,
                output,
                png,
            };
            check(&request).map_err(Box::new)?;
            let source = source_folder(source.as_deref())?;
            let sdk = ready(&source)?;
            run(&request, sdk, &command).map_err(|error: RunError| Box::new(error))?;
            eprintln!("executed notebook: {}", request.output().display());
        }
        Task::Png { figures, scale } => {
            for figure in figures {
                println!("{}", png::beside(&figure, scale)?.display());
            }
        }
        Task::Verify {
            notebook,
            tolerance,
            report,
            output,
            source,
        } => {
            let request = verify::Request {
                notebook,
                report,
                output,
                tolerance,
            };
            verify::check(&request).map_err(Box::new)?;
            let sdk = ready(&source_folder(source.as_deref())?)?;
            let verified = verify::verify(&request, sdk, &command).map_err(Box::new)?;
            eprint!("{}", without_colours(&verified.text()));
            eprintln!("{}; report: {}", verified.summary(), request.report().display());
            if !verified.is_same() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Task::Export {
            notebook,
            folder,
            force,
            source,
        } => {
            let sdk = ready(&source_folder(source.as_deref())?)?;
            let request = export::Request { notebook, folder, force };
            let exported = export::export(&request, &sdk)?;
            for note in &exported.notes {
                eprintln!("note: {note}");
            }
            let place = request.folder.display();
            eprintln!(
                "project `{}` in {place}; build it with `cargo build --release` there",
                exported.name
            );
        }
        Task::Kernel { connection_file } => {
            let source = source_folder(None)?;
            jupyter::serve(&connection_file, &source, &command)?;
        }
        Task::Doctor { source } => {
            let findings = doctor::examine(source.as_deref());
            for finding in &findings {
                println!("{finding}");
            }
            if findings.iter().any(|f| f.remedy.is_some()) {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Installs, and says what it did.
fn build(source: &Path) -> Result<Sdk, SdkError> {
    let start = Instant::now();
    let installed = install(source)?;
    let done = if installed.new { "built" } else { "already there" };
    let sdk = installed.sdk;
    eprintln!(
        "libraries for cells: {done}, {} crates, {:.1} s, {}",
        sdk.crates,
        start.elapsed().as_secs_f64(),
        sdk.folder.display()
    );
    Ok(sdk)
}

/// What cells link against; built first if it is not there or older than the source.
fn ready(source: &Path) -> Result<Sdk, SdkError> {
    if is_current(source) {
        return Sdk::open(source);
    }
    eprintln!("building what cells link against, into {} (once)", cache_folder().display());
    build(source)
}

fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    out + rest
}
