#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/stopwatch.h"
#include "parallel/comm.h"
#include "pipeline/guidance.h"
#include "pipeline/request.h"
#include "sampler/schedule.h"
#include "storage/latent_store.h"
#include "wan/decoder.h"

namespace orrery {

// Paths of a run's files under OUT.
struct RunFolder {
  std::filesystem::path out;
  std::filesystem::path latents(const std::string& id) const { return out / "latents" / (id + ".h5"); }
  std::filesystem::path media(const std::string& id) const { return out / "media" / (id + ".mp4"); }
};

// One clip still to make: its request with the texts as token ids.
struct ClipJob {
  Request request;
  PromptIds ids;
  std::string prompt;         // for the media's metadata
  std::string request_json;   // for the latent file
  bool latents_done = false;  // the latent file is complete: only the media is missing
};

struct ClipResult {
  std::string error;  // empty: done
  std::vector<std::string> files;
  PhaseTimes times;
  std::string latents_checksum;
};

// What all clips of a run share.
struct GenerateSettings {
  RunFolder folder;
  ScheduleKind schedule = ScheduleKind::Native;
  bool media = true;
  int crf = 18;
  int encoder_threads = 0;  // of x264; 0: its own choice
  std::string model_json;
  std::string model_name;
  std::string software;
};

// Makes clips one after another: text, denoising, latent file, media. Every rank denoises; rank 0 decodes and writes
// while the others wait. `decoder` is needed on rank 0 only, and only when media are wanted; references must outlive
// the object.
class Generator {
 public:
  Generator(const Comm& world, const Transformer& model, Collectives& cfg, const WanDecoder* decoder,
            GenerateSettings settings, const Log& log);

  // Collective over the world; the result is complete on rank 0, `error` is the same on all. A failure of rank 0 while
  // decoding or writing, or latents that are not finite, end up in `error`; anything else is thrown.
  ClipResult operator()(const ClipJob& job, const std::string& label) const;

 private:
  at::Tensor make_latents(const ClipJob& job, const std::string& label, ClipResult& result) const;
  void save_latents(const ClipJob& job, const at::Tensor& latents, ClipResult& result) const;
  void write_media(const ClipJob& job, const at::Tensor& latents, ClipResult& result) const;
  LatentFile latent_file(const ClipJob& job, const at::Tensor& latents) const;

  const Comm* world_;
  const Transformer* model_;
  Collectives* cfg_;
  const WanDecoder* decoder_;
  GenerateSettings settings_;
  const Log* log_;
};

}  // namespace orrery
