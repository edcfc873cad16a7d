//! Compiles the kernels in `src/cuda/kernels`: with nvcc to PTX under the feature `cuda`, with the C++ compiler for the
//! CPU under `cuda-simulation`. Without either it does nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Suffix, type of the values, type they are computed in.
const TYPES: [[&str; 3]; 3] = [
    ["f32", "float", "float"],
    ["f64", "double", "double"],
    ["bf16", "__nv_bfloat16", "float"],
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let cuda = env::var_os("CARGO_FEATURE_CUDA").is_some();
    let simulation = env::var_os("CARGO_FEATURE_CUDA_SIMULATION").is_some();
    if !cuda && !simulation {
        return;
    }
    println!("cargo::rerun-if-changed=src/cuda/kernels");
    let kernels = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("src/cuda/kernels");
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut sources: Vec<PathBuf> = fs::read_dir(&kernels)
        .expect("src/cuda/kernels is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "cu"))
        .collect();
    sources.sort();
    if cuda {
        compile_for_devices(&sources, &kernels, &out);
    }
    if simulation {
        compile_for_simulation(&sources, &kernels, &out);
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn run(mut commands: Vec<Command>, hint: &str) {
    let jobs = env::var("NUM_JOBS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1usize)
        .max(1);
    for some in commands.chunks_mut(jobs) {
        let started: Vec<_> = some.iter_mut().map(|c| (c.spawn(), format!("{c:?}"))).collect();
        for (child, command) in started {
            match child.and_then(|mut c| c.wait()) {
                Ok(status) if status.success() => {}
                Ok(status) => panic!("{command} ended with {status}"),
                Err(error) => panic!("{command}: {error}. {hint}"),
            }
        }
    }
}

/// One PTX text per source and type, and `ptx.rs`, which finds them. PTX for compute capability 8.0 is translated by the
/// driver of any later device.
fn compile_for_devices(sources: &[PathBuf], kernels: &Path, out: &Path) {
    println!("cargo::rerun-if-env-changed=CUDA_HOME");
    let nvcc = env::var("CUDA_HOME").map_or_else(|_| "nvcc".into(), |home| format!("{home}/bin/nvcc"));
    let (mut arms, mut commands) = (String::new(), Vec::new());
    for source in sources {
        for [suffix, value, computed] in TYPES {
            let module = format!("{}_{suffix}", stem(source));
            let target = out.join(format!("{module}.ptx"));
            let mut command = Command::new(&nvcc);
            command.args(["--ptx", "-arch=compute_80", "-std=c++17", "-O3", "-I"]);
            command
                .arg(kernels)
                .args(definitions(suffix, value, computed))
                .arg("-o")
                .arg(&target)
                .arg(source);
            commands.push(command);
            let _ = writeln!(
                arms,
                "        {module:?} => include_str!({:?}),",
                target.display().to_string()
            );
        }
    }
    run(commands, ".ci/cuda-build sets up a compiler for CUDA");
    let text = format!(
        "pub(super) fn ptx(module: &str) -> Option<&'static str> {{\n    Some(match module {{\n{arms}        _ => return None,\n    }})\n}}\n"
    );
    fs::write(out.join("ptx.rs"), text).expect("OUT_DIR can be written");
}

fn definitions(suffix: &str, value: &str, computed: &str) -> [String; 3] {
    [
        format!("-DSUFFIX={suffix}"),
        format!("-DVALUE={value}"),
        format!("-DCOMPUTED={computed}"),
    ]
}

/// A static library of all kernels in single and double precision, each registered by its name.
fn compile_for_simulation(sources: &[PathBuf], kernels: &Path, out: &Path) {
    println!("cargo::rerun-if-env-changed=CXX");
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".into());
    let (mut objects, mut commands) = (Vec::new(), Vec::new());
    let mut compile = |source: &Path, definitions: &[String]| {
        let object = out.join(format!("{}.o", stem(source)));
        let mut command = Command::new(&compiler);
        command.args(["-std=c++17", "-O2", "-fPIC", "-DCISTRON_SIMULATION", "-c", "-I"]);
        command.arg(kernels).args(definitions).arg("-o").arg(&object).arg(source);
        commands.push(command);
        objects.push(object);
    };
    compile(&kernels.join("simulation.cpp"), &[]);
    for source in sources {
        for [suffix, value, computed] in &TYPES[..2] {
            let wrapper = out.join(format!("{}_{suffix}.cpp", stem(source)));
            fs::write(&wrapper, registered(source, suffix)).expect("OUT_DIR can be written");
            compile(&wrapper, &definitions(suffix, value, computed));
        }
    }
    run(commands, "the feature `cuda-simulation` needs a C++ compiler");
    let library = out.join("libcistron_simulation.a");
    let _ = fs::remove_file(&library);
    let mut archive = Command::new("ar");
    archive.arg("crs").arg(&library).args(&objects);
    run(vec![archive], "the feature `cuda-simulation` needs `ar`");
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=static:+whole-archive=cistron_simulation");
    println!("cargo::rustc-link-lib=stdc++");
}

/// The source itself, followed by the registration of its kernels.
fn registered(source: &Path, suffix: &str) -> String {
    let text = fs::read_to_string(source).expect("the source is there");
    let mut wrapper = format!("#include {:?}\n", source.display().to_string());
    for name in names(&text) {
        let (name, block) = name;
        let kernel = format!("{name}_{suffix}");
        let _ = writeln!(
            wrapper,
            "static Registered of_{kernel}({kernel:?}, Unpacked<{kernel}>::call, {block});"
        );
    }
    wrapper
}

/// The names of the kernels of a source, also of those that its macros make, and whether their threads wait for each other.
fn names(text: &str) -> Vec<(String, bool)> {
    let argument = |line: &str, start: &str| {
        let rest = line.strip_prefix(start)?;
        Some(rest[..rest.find([')', ','])?].to_string())
    };
    let mut found = Vec::new();
    // The kernels that a macro makes of its first argument: suffixes behind `name##`.
    let (mut current, mut macros) = (None, Vec::<(String, Vec<String>)>::new());
    for line in text.lines() {
        if let Some(name) = argument(line, "#define ").and_then(|d| d.split_once('(').map(|(n, _)| n.to_string())) {
            current = Some(macros.len());
            macros.push((name, Vec::new()));
        } else if let (Some(made), Some(index)) = (argument(line.trim_start(), "KERNEL(name##"), current) {
            macros[index].1.push(made);
        } else if let Some(name) = argument(line, "KERNEL(") {
            found.push((name, false));
        } else if let Some(name) = argument(line, "BLOCK_KERNEL(") {
            found.push((name, true));
        } else {
            for (name, made) in &macros {
                if let Some(first) = argument(line, &format!("{name}(")).filter(|_| !made.is_empty()) {
                    found.extend(made.iter().map(|m| (format!("{first}{m}"), false)));
                }
            }
        }
    }
    found
}
