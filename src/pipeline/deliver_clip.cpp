#include "pipeline/deliver_clip.h"

#include <algorithm>
#include <utility>

#include "base/core/stopwatch.h"
#include "base/device/gpu.h"
#include "pipeline/arrays.h"
#include "pipeline/chunks.h"
#include "pipeline/clip_file.h"
#include "pipeline/long_clip.h"
#include "pipeline/root_work.h"
#include "pipeline/run_folder.h"

namespace orrery {

std::unique_ptr<ClipMediaFiles> ClipDelivery::make_files(const ClipJob& job, const ClipStart& start,
                                                         MediaLatents latents, PhaseClock& clock, ClipResult& result) {
  std::string checksum;      // on rank 0
  std::future<void> saving;  // on rank 0
  if (job.latents_done) {
    latents = read_back(job, checksum);
  } else {
    on_root(context_.world, [&] {
      LatentFile file = finished_file(context_.settings, job, start, latents);
      checksum = latents_checksum(file);
      saving = save_behind(job, std::move(file));
    });
  }
  const auto saved = [&] {
    if (!job.latents_done) {
      on_root(context_.world, [&] { saving.get(); });
      clock.end("save");
    }
    result.latents_checksum = checksum;
    result.files.push_back("latents/" + job.request.id + ".h5");
  };
  // A picture takes less than two seconds of denoising, so the next clip does not wait for its files.
  const bool behind = job.request.picture() && context_.media.settings().wanted();
  std::unique_ptr<ClipMediaFiles> files;
  try {
    const Make make = [&](const ClipLabel& label, const std::function<bool()>& interrupted) {
      return context_.media(latents, label, interrupted);
    };
    if (context_.media.settings().wanted()) files = make_media(job, make, checksum, clock, result);
  } catch (const RequestFailed&) {
    saved();
    throw;
  }
  if (job.latents_done || result.stopped || !behind) {
    saved();
    return files;
  }
  result.latents_checksum = checksum;
  result.files.push_back("latents/" + job.request.id + ".h5");
  if (files != nullptr) files->finish_after(std::move(saving));
  return files;
}

void ClipDelivery::save_chunk(const ClipJob& chunk, const ClipStart& start, const MediaLatents& latents,
                              PhaseClock& clock) {
  on_root(context_.world, [&] { save_behind(chunk, finished_file(context_.settings, chunk, start, latents)).get(); });
  clock.end("save");
}

std::vector<ListedChunk> ClipDelivery::listed(const ClipJob& job, std::string& checksum) const {
  const std::filesystem::path path = context_.settings.folder.latents(job.request.id);
  if (!job.latents_done) {
    remove_artifacts(context_.settings.folder, job.request);
    write_latents(path, list_of_chunks(context_.settings, job));
    remove_other_chunks(context_.settings.folder, job.request);
  }
  const LatentHeader header = read_latent_header(path);
  checksum = header.checksum;
  return header.chunks;
}

std::optional<MediaMaking> ClipDelivery::begin_long_media(const ClipJob& job) const {
  const MediaSettings& settings = context_.media.settings();
  const auto is_there = [](const ClipJob& one) { return one.latents_done; };
  const bool is_new = !is_there(job) && std::none_of(job.chunks.begin(), job.chunks.end(), is_there);
  if (!is_new || !settings.wanted() || settings.keep_frames || !context_.media.is_exact()) return std::nullopt;
  const Request& r = job.request;
  const PictureSize size{static_cast<int>(r.width), static_cast<int>(r.height), r.num_frames};
  return context_.media.in_parts(label_of(r, ""), size, r.sound, interrupted());
}

std::optional<at::Tensor> ClipDelivery::add_chunk(const ClipJob& job, std::size_t index, const MediaLatents& latents,
                                                  std::optional<MediaMaking>& media, PhaseClock& clock) {
  if (!media) return std::nullopt;
  context_.progress.phase("decode");
  if (!pending_.empty()) {
    make_room_for(job.request);
    clock.skip();
  }
  const ProfilerRange range("decode");
  const std::vector<Chunk> chunks = chunks_of(job.request);
  PartPlace place{chunks[index].begin, std::nullopt};
  if (index + 1 < chunks.size()) place = {chunks[index].begin, chunks[index + 1].begin, true};
  if (!media->add(latents, place)) media.reset();
  clock.end("decode");
  if (!media) return std::nullopt;
  return media->overlap();
}

std::unique_ptr<ClipMediaFiles> ClipDelivery::make_long_files(const ClipJob& job, std::optional<MediaMaking>& media,
                                                              PhaseClock& clock, ClipResult& result) {
  std::string text;
  on_root(context_.world, [&] { text = chunk_list_text(listed(job, result.latents_checksum)); });
  const std::vector<ListedChunk> chunks = parse_chunk_list(context_.world.broadcast(text));
  clock.end("save");
  result.files.push_back("latents/" + job.request.id + ".h5");
  for (const ListedChunk& chunk : chunks) result.files.push_back("latents/" + chunk.file);
  if (!context_.media.settings().wanted()) return nullptr;
  const Make make = [&](const ClipLabel& label, const std::function<bool()>& interrupted) {
    if (media) {
      if (context_.world.is_root()) media->made_from(label.latents);
      return media->finish();
    }
    const PictureSize size = size_of(chunks, job.request.height, job.request.width);
    MediaMaking making = context_.media.in_parts(label, size, job.request.sound, interrupted);
    const std::filesystem::path folder = context_.settings.folder.latents(job.request.id).parent_path();
    add_chunks(making, context_.world, context_.towers.device(), folder, chunks);
    return making.finish();
  };
  return make_media(job, make, result.latents_checksum, clock, result);
}

std::unique_ptr<ClipMediaFiles> ClipDelivery::make_media(const ClipJob& job, const Make& make,
                                                         const std::string& checksum, PhaseClock& clock,
                                                         ClipResult& result) {
  context_.progress.phase("decode");
  if (!pending_.empty()) {
    make_room_for(job.request);
    clock.skip();
  }
  const ProfilerRange range("decode");
  MediaOutcome outcome = make(label_of(job.request, checksum), interrupted());
  if (!outcome.error.empty()) throw RequestFailed(outcome.error);
  result.stopped = outcome.interrupted;
  result.steps_done = job.steps();
  if (job.request.picture() && !result.stopped) {
    clock.end_queued("decode");
  } else {
    clock.end(result.stopped ? "stopped" : "decode");
  }
  return std::move(outcome.files);
}

std::future<void> ClipDelivery::save_behind(const ClipJob& job, LatentFile file) const {
  remove_artifacts(context_.settings.folder, job.request);  // before decoding, which writes new ones meanwhile
  return std::async(std::launch::async,
                    [folder = context_.settings.folder, request = job.request, file = std::move(file)] {
                      write_latents(folder.latents(request.id), file);
                      remove_if_there(folder.snapshot(request.id));
                      remove_other_chunks(folder, request);
                    });
}

MediaLatents ClipDelivery::read_back(const ClipJob& job, std::string& checksum) const {
  MediaLatents latents;
  on_root(context_.world, [&] {
    const LatentFile file = read_latents(context_.settings.folder.latents(job.request.id));
    checksum = latents_checksum(file);
    latents = latents_of(file);
  });
  at::Tensor& video = latents[Stream::Video];  // only rank 0 needs the other streams
  video = share_from_root(context_.world, video).to(context_.towers.device());
  return latents;
}

void ClipDelivery::end(const ClipJob& job, ClipResult result, std::unique_ptr<ClipMediaFiles> files) {
  const bool encoding = result.error.empty() && !result.stopped && context_.media.settings().wanted();
  if (!encoding) {
    finish();  // delivers earlier clips first
    deliver_(job, std::move(result));
    return;
  }
  pending_.push_back({&job, std::move(result), std::make_unique<MediaBacklog>()});
  if (files != nullptr) pending_.back().backlog->start(std::move(files));
}

void ClipDelivery::settle_if_ready() {
  if (pending_.empty()) return;
  const bool ready = context_.world.is_root() && pending_.front().backlog->ready();
  if (context_.world.max(ready ? 1 : 0) == 1) settle();
}

void ClipDelivery::settle_parent_of(const Request& request) {
  const auto is_parent = [&](const Pending& pending) {
    return pending.job->request.picture() && pending.job->request.id == request.parent;
  };
  while (std::any_of(pending_.begin(), pending_.end(), is_parent)) settle();
}

void ClipDelivery::make_room_for(const Request& request) {
  constexpr std::size_t kPictures = 4;
  const bool pictures = request.picture() && std::all_of(pending_.begin(), pending_.end(), [](const Pending& pending) {
                          return pending.job->request.picture();
                        });
  while (pending_.size() > (pictures ? kPictures - 1 : 0)) settle();
}

void ClipDelivery::finish() {
  while (!pending_.empty()) settle();
}

void ClipDelivery::settle() {
  Pending& pending = pending_.front();
  ClipResult& result = pending.result;
  const Stopwatch waiting;
  MediaEnd end;  // on rank 0
  const std::string error = context_.world.from_root([&] {
    end = pending.backlog->wait([this] { return context_.stop.urgent(); });
    if (end.refused) {
      remove_clip(context_.settings.folder, pending.job->request);
      for (const ClipJob& chunk : pending.job->chunks) remove_clip(context_.settings.folder, chunk.request);
    }
    return end.error;
  });
  if (end.refused || end.unsaved) {
    result.files.clear();
    result.latents_checksum.clear();
  }
  result.files.insert(result.files.end(), end.files.begin(), end.files.end());
  result.times.add("encode", waiting.seconds());
  result.stopped = context_.world.max(end.given_up ? 1 : 0) == 1;
  if (!result.stopped) result.error = error;
  deliver_(*pending.job, std::move(result));
  pending_.pop_front();
}

ClipLabel ClipDelivery::label_of(const Request& request, const std::string& checksum) const {
  return {request.id,
          request.prompt,
          std::to_string(request.seed),
          context_.settings.model_name,
          context_.settings.software,
          request.fps,
          checksum};
}

}  // namespace orrery
