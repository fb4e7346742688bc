#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/clip_media_files.h"

namespace orrery {

// How a clip's files ended.
struct MediaEnd {
  std::vector<std::string> files;  // relative to OUT
  std::string error;               // empty: none
  bool given_up = false;
};

// Finishes one clip's media files in a thread of its own, while the ranks make the next clip. For rank 0; one thread
// uses it. The destructor gives up what is not finished.
class MediaBacklog {
 public:
  MediaBacklog() = default;
  MediaBacklog(const MediaBacklog&) = delete;
  MediaBacklog& operator=(const MediaBacklog&) = delete;
  ~MediaBacklog();

  // Begins to finish `files` in the background. No other files may be under way.
  void start(std::unique_ptr<ClipMediaFiles> files);
  // Whether wait() would return at once.
  bool ready() const;
  // Waits for the end of what was started, and gives it up as soon as `give_up` is true.
  MediaEnd wait(const std::function<bool()>& give_up);

 private:
  std::unique_ptr<ClipMediaFiles> files_;
  std::future<std::vector<std::string>> finished_;
};

}  // namespace orrery
