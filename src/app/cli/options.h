#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/manifest/manifest_shard.h"
#include "app/bench/settings.h"
#include "base/core/log.h"
#include "app/plan/machine_profile.h"
#include "models/kernels/scaled_rows.h"
#include "base/parallel/device.h"
#include "base/parallel/process_grid.h"
#include "pipeline/request.h"
#include "pipeline/vae_split.h"
#include "io/text/prompt.h"

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
enum class Dtype { Auto, Float32, BFloat16 };  // Auto: bfloat16 on a GPU, float32 on a CPU
// Auto: Karras when the checkpoint's scheduler_config.json says so, otherwise Native.
enum class ScheduleChoice { Native, DoubleShift, Karras, Auto };
enum class TextTower { Keep, Release, Auto };   // Auto: Release when both towers do not fit the device
enum class AttentionWish { Auto, Fa3, Cudnn };  // Auto: the fastest that every rank has
enum class Media { Mp4, None };
enum class OnError { Continue, Stop };
enum class ModelName { None, Tiny, Nano, Super };  // whose shapes bench gives random weights; None: it has a checkpoint

// Pixels.
struct FrameSize {
  std::int64_t width = 1280;
  std::int64_t height = 720;
};

// Everything that the command line and the job file say. The members' defaults are the options' defaults.
struct Options {
  Command command = Command::Help;
  bool help = false;  // print help_text(command) and leave

  std::filesystem::path checkpoint;
  std::filesystem::path manifest;
  std::filesystem::path out;
  std::filesystem::path job;
  std::filesystem::path negative_prompt_file;  // empty: the built-in negative prompt
  GridShape grid;
  DeviceKind device = DeviceKind::Auto;
  Dtype dtype = Dtype::Auto;
  RowFormat products = RowFormat::Plain;
  AttentionWish attention = AttentionWish::Auto;
  TextTower text_tower = TextTower::Auto;
  ScheduleChoice schedule = ScheduleChoice::Native;  // double_shift unless given, with --semantics seed
  Media media = Media::Mp4;
  int crf = 18;
  bool keep_frames = false;  // PNG frames and a WAV as well
  bool previews = false;     // some frames of each clip in one PNG
  bool timings = false;      // each clip's phases and steps in a file
  VaeSplit vae_split = VaeSplit::Exact;
  std::optional<ManifestShard> shard;  // none: of the Slurm array that this runs in, or else the whole manifest
  OnError on_error = OnError::Continue;
  bool force = false;
  std::int64_t snapshot_every = 10;              // steps; 0: only where a run stops
  std::optional<std::int64_t> stop_after_steps;  // of the run, over its requests
  std::optional<std::chrono::seconds> time_limit;
  std::optional<std::int64_t> rank_timeout;  // seconds; none: by the steps; 0: only when a rank is gone
  std::filesystem::path log_file;            // empty: none
  bool quiet = false;
  bool verbose = false;
  bool dump_config = false;  // print dump_config(*this) and leave
  Request defaults;          // for what a manifest line leaves out; Encode: height and width of the latents

  // Bench.
  ModelName model = ModelName::None;
  FrameSize bench_size;
  BenchSettings bench;  // its width and height are bench_size's
  bool json = false;    // Plan, Inspect, Compare and Report as well

  // Plan.
  int gpus = 0;  // every way to use up to so many; 0: the one of `grid`
  GpuKind gpu = GpuKind::H200;
  double gpu_memory = 0;          // 10^9 bytes; 0: what such a GPU has
  std::filesystem::path profile;  // lines of bench; empty: built-in figures

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

}  // namespace orrery
