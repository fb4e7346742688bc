#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/settings.h"
#include "app/manifest/manifest_shard.h"
#include "app/manifest/request_defaults.h"
#include "app/outputs/operator_gates.h"
#include "app/outputs/output_options.h"
#include "app/plan/machine_profile.h"
#include "base/core/choice.h"
#include "base/core/log.h"
#include "base/parallel/device.h"
#include "base/parallel/process_grid.h"
#include "io/text/prompt.h"
#include "models/zoo/model_options.h"

namespace orrery {

enum class Command {
  Help,
  Version,
  Run,
  Validate,
  Tokens,
  Encode,
  Decode,
  Bench,
  Plan,
  Inspect,
  Compare,
  Report,
  Completion
};
enum class OnError { Continue, Stop };

constexpr auto choices(OnError) {
  return std::array{Choice<OnError>{"continue", OnError::Continue}, Choice<OnError>{"stop", OnError::Stop}};
}

// Whose shapes bench gives random weights; None: it has a checkpoint.
enum class ModelName { None, Tiny, Nano, Super, Edge };

constexpr auto choices(ModelName) {
  return std::array{Choice<ModelName>{"tiny", ModelName::Tiny}, Choice<ModelName>{"nano", ModelName::Nano},
                    Choice<ModelName>{"super", ModelName::Super}, Choice<ModelName>{"edge", ModelName::Edge}};
}

// Pixels.
struct FrameSize {
  std::int64_t width = 1280;
  std::int64_t height = 720;
};

// Everything that the command line and the job file say. The members' defaults are the options' defaults.
struct Options {
  Command command = Command::Help;
  bool help = false;  // print help_text(command) and leave

  std::filesystem::path manifest;
  std::filesystem::path job;
  std::filesystem::path negative_prompt_file;  // empty: the built-in negative prompt
  ModelOptions model;                          // its schedule is double_shift unless given, with --semantics seed
  OutputOptions output;
  GateOptions gates;
  PlanOptions plan;
  GridShape grid;
  DeviceKind device = DeviceKind::Auto;
  std::optional<ManifestShard> shard;  // none: of the Slurm array that this runs in, or else the whole manifest
  OnError on_error = OnError::Continue;
  std::optional<std::int64_t> stop_after_steps;  // of the run, over its requests
  std::optional<std::chrono::seconds> time_limit;
  std::optional<std::int64_t> rank_timeout;  // seconds; none: by the steps; 0: only when a rank is gone
  std::filesystem::path log_file;            // empty: none
  bool quiet = false;
  bool verbose = false;
  bool dump_config = false;  // print dump_config(*this) and leave
  RequestDefaults defaults;  // for what a manifest line leaves out; Encode: height and width of the latents

  // Bench.
  ModelName random_model = ModelName::None;
  bool distilled = false;  // random_model distilled to few steps
  FrameSize bench_size;
  BenchSettings bench;  // its clip's width and height are bench_size's
  bool json = false;    // Plan, Inspect, Compare and Report as well

  std::filesystem::path preview;  // Inspect: the picture to write; empty: none
  double tolerance = 0;           // Compare: of the largest difference
  bool watch = false;             // Report

  // Encode: one image or video. Decode, Inspect: one latent file or more. Compare: two files. Report: one folder.
  // Completion: the shell. Empty for the other commands.
  std::vector<std::filesystem::path> files;
  // Encode, 4k + 1; none: 1 of an image, of a video as many of its frames as make 4k + 1.
  std::optional<std::int64_t> encode_frames;

  LogLevel log_level() const { return quiet ? LogLevel::Quiet : verbose ? LogLevel::Verbose : LogLevel::Normal; }
};

// Reads the command line, without the program's name, and the job file that it names. Everything is checked: what is
// returned is complete and in range, and has only options of its command, except that required options may be missing
// when only help or the configuration is to be printed. Throws InputError with one line that names the option (or the
// job file's line), what was found and what is allowed.
Options parse_options(const std::vector<std::string>& arguments);

// What `orrery help CMD` prints, in lines of 80 columns; for Command::Help what `orrery help` prints.
std::string help_text(Command command);

// The options as a job file that --job reads back to the same options.
std::string dump_config(const Options& options);

// A bash script that completes `orrery`'s commands, options and the values of options that are one of a few words; it
// follows from the tables of commands and options.
std::string bash_completion();

}  // namespace orrery
