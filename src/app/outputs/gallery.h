#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/outputs/run_files.h"
#include "base/core/log.h"
#include "base/core/stopwatch.h"

namespace orrery {

// A page that shows the last result of each id, oldest first: HTML that needs only the media files beside it.
std::string gallery_page(const std::vector<RequestResult>& results);

// Writes OUT/index.html, with the clips of all shards. A failure causes only one warning, and the run continues.
class Gallery {
 public:
  // `log` must outlive the object.
  Gallery(std::filesystem::path out, const Log& log);

  // Call it when a result has been recorded. Writes the page, unless it was written so recently that writing would take
  // a noticeable share of the run's time, or another shard is writing it.
  void update();
  // Writes the page in any case, after waiting some seconds for another shard that is writing it.
  void finish();
  // Call it before a run. Writes the page again if a process was killed while writing it.
  void repair();

 private:
  // Returns false when another process is writing the page.
  bool write();
  void attempt(double patience_seconds);

  std::filesystem::path out_;
  const Log* log_;
  std::optional<Stopwatch> since_written_;
  double write_seconds_ = 0;  // time of the last write
  bool has_warned_ = false;
};

}  // namespace orrery
