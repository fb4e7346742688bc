#include "pipeline/media_backlog.h"

#include <chrono>
#include <utility>

#include "base/core/error.h"
#include "base/parallel/comm.h"

namespace orrery {
namespace {

// Between two looks at whether the work is still wanted.
constexpr std::chrono::milliseconds kNap(20);

}  // namespace

MediaBacklog::~MediaBacklog() {
  if (files_ != nullptr) files_->give_up();  // the future then waits for a thread that is about to end
}

void MediaBacklog::start(std::unique_ptr<ClipMediaFiles> files) {
  require(files_ == nullptr, "a clip's files are being finished already");
  files_ = std::move(files);
  finished_ = std::async(std::launch::async, [&finishing = *files_] { return finishing.finish(); });
}

bool MediaBacklog::ready() const { return finished_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

MediaEnd MediaBacklog::wait(const std::function<bool()>& give_up) {
  MediaEnd end;
  while (finished_.wait_for(kNap) != std::future_status::ready) {
    if (end.given_up || !give_up()) continue;
    end.given_up = true;
    files_->give_up();
  }
  try {
    end.files = finished_.get();
    end.given_up = false;  // it came too late
  } catch (const std::exception& e) {
    if (!end.given_up) end.error = message_of(e);
  }
  files_.reset();
  return end;
}

}  // namespace orrery
