#include "pipeline/run_folder.h"

#include <cmath>
#include <cstddef>
#include <system_error>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/rgb_image.h"
#include "pipeline/chunks.h"

namespace orrery {
namespace {

// For H.264 at crf 18; reducing crf by 6 doubles it.
constexpr double kVideoBytesPerPixel = 1.0 / 12;
constexpr double kPngBytesPerPixel = 2;
constexpr double kJpegBytesPerPixel = 1;
constexpr double kAacBytesPerSecond = 24e3;
constexpr double kWavBytesPerSecond = 48e3 * 2 * sizeof(float);

double pixels(const Request& request) {
  return static_cast<double>(request.num_frames) * static_cast<double>(request.height * request.width);
}

double sound_seconds(const Request& request) {
  return request.sound ? static_cast<double>(request.num_frames) / request.fps : 0;
}

double video_bytes(const Request& request, int crf) {
  return kVideoBytesPerPixel * std::exp2((18 - crf) / 6.0) * pixels(request) +
         kAacBytesPerSecond * sound_seconds(request);
}

double preview_bytes(const Request& request) {
  const SheetSize sheet =
      contact_sheet_size(static_cast<int>(request.width), static_cast<int>(request.height), request.num_frames);
  return kPngBytesPerPixel * sheet.width * sheet.height;
}

double frames_bytes(const Request& request) {
  return kPngBytesPerPixel * pixels(request) + kWavBytesPerSecond * sound_seconds(request);
}

}  // namespace

std::vector<Artifact> artifacts_of(const RunFolder& folder, const Request& request, const MediaSettings& settings) {
  const std::string& id = request.id;
  // Frames are written in order: when the first and the last match the latents, all do.
  std::vector<std::filesystem::path> frames{folder.frame(id, 0), folder.frame(id, request.num_frames - 1)};
  if (request.sound) frames.push_back(folder.sound(id));
  const bool media = settings.video == Media::Mp4, still = request.picture();
  const bool png = settings.picture == PictureFormat::Png;
  const std::filesystem::path jpeg = folder.picture(id, PictureFormat::Jpg);
  // A picture's PNG and a video's preview have the same name; a picture needs no preview.
  return {{folder.media(id), media && !still, {folder.media(id)}, video_bytes(request, settings.crf), 0},
          {folder.preview(id),
           still ? media && png : settings.preview,
           {folder.preview(id)},
           still ? kPngBytesPerPixel * pixels(request) : preview_bytes(request),
           0},
          {jpeg, media && still && !png, {jpeg}, kJpegBytesPerPixel * pixels(request), 0},
          {folder.frames(id), settings.keep_frames, std::move(frames), frames_bytes(request), request.num_frames + 1},
          {folder.timings(id), false, {}, 0, 0}};
}

void remove_artifacts(const RunFolder& folder, const Request& request) {
  std::error_code ignored;
  for (const Artifact& artifact : artifacts_of(folder, request, {})) {
    if (artifact.more_files > 0) {
      std::filesystem::remove_all(artifact.path, ignored);
    } else {
      std::filesystem::remove(artifact.path, ignored);
    }
  }
}

void remove_other_chunks(const RunFolder& folder, const Request& request) {
  if (is_chunk(request)) return;
  Request chunk = request;
  for (std::size_t i = request.is_long() ? chunks_of(request).size() : 0;; ++i) {
    chunk.id = chunk_id(request.id, i);
    const std::filesystem::path latents = folder.latents(chunk.id), snapshot = folder.snapshot(chunk.id);
    if (!is_there(latents) && !is_there(snapshot)) return;  // chunks are made in order
    std::error_code ignored;
    std::filesystem::remove(latents, ignored);
    std::filesystem::remove(snapshot, ignored);
    remove_artifacts(folder, chunk);
  }
}

void remove_clip(const RunFolder& folder, const Request& request) {
  std::vector<std::filesystem::path> all{folder.latents(request.id), folder.snapshot(request.id)};
  for (const Artifact& artifact : artifacts_of(folder, request, {})) all.push_back(artifact.path);
  for (const std::filesystem::path& path : all) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) fail("remove " + path.string(), error.message());
  }
}

}  // namespace orrery
