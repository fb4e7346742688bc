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

// The model whose shapes bench fills with random weights; None when it has a checkpoint.
enum class ModelName { None, Tiny, Nano, Super, Edge };

constexpr auto choices(ModelName) {
  return std::array{Choice<ModelName>{"tiny", ModelName::Tiny}, Choice<ModelName>{"nano", ModelName::Nano},
                    Choice<ModelName>{"super", ModelName::Super}, Choice<ModelName>{"edge", ModelName::Edge}};
}

// Size of a frame [pixels].
struct FrameSize {
  std::int64_t width = 1280;
  std::int64_t height = 720;
};

// All options from the command line and the job file. The members' defaults are the options' defaults.
struct Options {
  Command command = Command::Help;
  bool help = false;  // only print help_text(command)

  std::filesystem::path manifest;
  std::filesystem::path job;
  std::filesystem::path negative_prompt_file;  // empty: the built-in negative prompt
  ModelOptions model;                          // schedule defaults to double_shift with --semantics seed
  OutputOptions output;
  GateOptions gates;
  PlanOptions plan;
  GridShape grid;
  DeviceKind device = DeviceKind::Auto;
  std::optional<ManifestShard> shard;  // none: from the Slurm array, or else the whole manifest
  OnError on_error = OnError::Continue;
  std::optional<std::int64_t> stop_after_steps;  // denoising steps of the run over all requests
  std::optional<std::chrono::seconds> time_limit;
  std::optional<std::int64_t> rank_timeout;  // seconds; none: from step times; 0: only ranks that are gone
  std::filesystem::path log_file;            // empty: none
  bool quiet = false;
  bool verbose = false;
  bool dump_config = false;  // only print dump_config(*this)
  RequestDefaults defaults;  // of manifest lines; Encode: height and width of the latents

  // Options of bench.
  ModelName random_model = ModelName::None;
  bool distilled = false;  // random_model distilled to few steps
  FrameSize bench_size;
  BenchSettings bench;  // its width and height come from bench_size
  bool json = false;    // also of Plan, Inspect, Compare and Report

  std::filesystem::path preview;  // Inspect: the picture to write; empty: none
  double tolerance = 0;           // Compare: limit of the largest difference
  bool watch = false;             // Report

  // Encode: one image or video. Decode, Inspect: one latent file or more. Compare: two files. Report: one folder.
  // Completion: the shell. Empty for the other commands.
  std::vector<std::filesystem::path> files;
  // Encode: number of frames, 4k + 1; none: 1 for an image, the largest possible number for a video.
  std::optional<std::int64_t> encode_frames;

  LogLevel log_level() const { return quiet ? LogLevel::Quiet : verbose ? LogLevel::Verbose : LogLevel::Normal; }
};

// Reads the command line, without the program's name, and the job file that it names. The result is checked: complete,
// in range, and with options of its command only; required options may be missing when only help or the configuration
// is to be printed. Throws InputError with one line that names the option (or the job file's line), what was found and
// what is allowed.
Options parse_options(const std::vector<std::string>& arguments);

// The output of `orrery help CMD`, or of `orrery help` for Command::Help, in lines of 80 columns.
std::string help_text(Command command);

// The options as a job file, from which --job restores the same options.
std::string dump_config(const Options& options);

// A bash completion script for commands, options and the values of options that are one of a few words, generated from
// the tables of commands and options.
std::string bash_completion();

}  // namespace orrery
