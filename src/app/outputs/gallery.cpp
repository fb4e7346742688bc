#include "app/outputs/gallery.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "app/outputs/gallery_page.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/file_lock.h"
#include "base/core/json.h"

namespace orrery {
namespace {

constexpr double kLeastSeconds = 5;   // minimum time between two pages
constexpr double kShareOfTime = 100;  // minimum interval as a multiple of the last write's time
constexpr double kPatience = 5;       // seconds, at the end of a run

void copy_member(const Json& request, const char* key, const char* name, Json& clip) {
  if (request.is_object() && request.contains(key)) clip[name] = request[key];
}

Json clip_of(const RequestResult& result, const std::string& status) {
  Json clip{{"id", result.id}, {"status", status}};
  if (!result.error.empty()) clip["error"] = result.error;
  constexpr std::array<std::array<const char*, 2>, 15> kMembers{{{"prompt", "prompt"},
                                                                 {"image", "image"},
                                                                 {"last_image", "last_image"},
                                                                 {"video", "video"},
                                                                 {"continues", "continues"},
                                                                 {"condition_latents", "latents"},
                                                                 {"width", "width"},
                                                                 {"height", "height"},
                                                                 {"num_frames", "frames"},
                                                                 {"chunk_frames", "chunk"},
                                                                 {"fps", "fps"},
                                                                 {"steps", "steps"},
                                                                 {"guidance_scale", "guidance"},
                                                                 {"seed", "seed"},
                                                                 {"sound", "sound"}}};
  for (const auto& [key, name] : kMembers) copy_member(result.request, key, name, clip);
  double seconds = 0;
  for (const auto& [phase, part] : result.seconds.phases()) seconds += part;
  clip["seconds"] = seconds;
  clip["finished"] = result.finished;
  for (const char* ending : {".png", ".jpg", ".mp4"}) {  // of a video and its preview, the video is taken
    const auto media = std::find_if(result.files.begin(), result.files.end(),
                                    [ending](const std::string& file) { return file.ends_with(ending); });
    if (media != result.files.end()) clip["media"] = *media;
  }
  return clip;
}

// JSON that is safe inside an HTML element: no text in it can end the element.
std::string in_html(const Json& json) {
  std::string text;
  for (const char c : json_text(json)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string gallery_page(const std::vector<RequestResult>& results) {
  std::map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < results.size(); ++i) last[results[i].id] = i;
  Json clips = Json::array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (last[results[i].id] == i) clips.push_back(clip_of(results[i], name_of(results[i].status)));
  }
  constexpr std::string_view kPlace = "@CLIPS@";
  std::string page(kGalleryPage);
  return page.replace(page.find(kPlace), kPlace.size(), in_html(clips));
}

Gallery::Gallery(std::filesystem::path out, const Log& log) : out_(std::move(out)), log_(&log) {}

void Gallery::update() {
  const bool is_due =
      !since_written_ || since_written_->seconds() > std::max(kLeastSeconds, kShareOfTime * write_seconds_);
  if (is_due) attempt(0);
}

void Gallery::finish() { attempt(kPatience); }

void Gallery::repair() {
  std::error_code ignored;
  if (std::filesystem::exists(out_ / "index.html.tmp", ignored)) attempt(0);
}

void Gallery::attempt(double patience_seconds) {
  const Stopwatch waiting;
  try {
    while (!write() && waiting.seconds() < patience_seconds) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  } catch (const std::exception& e) {
    if (!has_warned_) log_->warning(std::string("the gallery could not be written: ") + e.what());
    has_warned_ = true;
  }
}

bool Gallery::write() {
  FileLock lock(out_ / ".gallery.lock");
  constexpr std::array<LockRange, 1> kAll{};
  if (lock.try_take(kAll) == FileLock::Outcome::Busy) return false;
  const Stopwatch writing;
  write_file(out_ / "index.html", gallery_page(all_results(out_)));
  write_seconds_ = writing.seconds();
  since_written_.emplace();
  return true;
}

}  // namespace orrery
