#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audio/decoder.h"
#include "core/error.h"
#include "cosmos3/media.h"
#include "pipeline/run_folder.h"
#include "wan/decoder.h"

namespace orrery {

// What to make of a clip's latents.
struct MediaSettings {
  bool mp4 = true;
  bool keep_frames = false;  // PNG frames, and a WAV with sound, in OUT/frames/ID/
  int crf = 18;
  int encoder_threads = 2;  // of x264
  bool wanted() const { return mp4 || keep_frames; }
};

// What a clip's files say of it.
struct ClipLabel {
  std::string id;
  std::string prompt;
  std::string seed;
  std::string model;
  std::string version;
  double fps = 24;
};

// Decoders on one rank; the sound decoder only where there is sound.
struct MediaDecoders {
  const WanDecoder* video = nullptr;
  const SoundDecoder* sound = nullptr;
};

// Nobody wanted the clip's media any more before they were finished.
class MediaInterrupted : public Error {
 public:
  using Error::Error;
};

// The waveform (2, samples) float32 on the CPU, at 48 kHz, cut to the length of `frames` frames.
at::Tensor decode_sound(const SoundDecoder& decoder, const at::Tensor& latent, std::int64_t frames, double fps);

// Decodes the latents and writes what the settings ask for. Returns the files made, relative to OUT. One rank. Asks
// `interrupted` at every frame, and throws MediaInterrupted once it is true: the mp4 then does not appear. Otherwise
// throws what the writers throw.
std::vector<std::string> write_clip_media(const MediaDecoders& decoders, const MediaLatents& latents,
                                          const ClipLabel& label, const RunFolder& folder,
                                          const MediaSettings& settings, const std::function<bool()>& interrupted);

}  // namespace orrery
