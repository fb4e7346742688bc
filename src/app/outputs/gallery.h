#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/outputs/run_files.h"
#include "base/core/log.h"
#include "base/core/stopwatch.h"

namespace orrery {

// The page that shows these results, the last of each id, oldest first: HTML that needs nothing but the media beside
// it.
std::string gallery_page(const std::vector<RequestResult>& results);

// OUT/index.html, with the clips of all shards. It is a convenience: what goes wrong with it is one warning, and the
// run goes on.
class Gallery {
 public:
  // `log` must outlive the object.
  Gallery(std::filesystem::path out, const Log& log);

  // A result was recorded: writes the page, unless it was written so shortly ago that writing would take a noticeable
  // share of the run's time, or another shard is at it.
  void update();
  // Writes it in any case, waiting some seconds for another shard's turn.
  void finish();
  // Before a run: writes the page when a process was killed while it wrote it.
  void repair();

 private:
  // False: another process is writing it.
  bool write();
  void attempt(double patience_seconds);

  std::filesystem::path out_;
  const Log* log_;
  std::optional<Stopwatch> since_written_;
  double write_seconds_ = 0;  // the last time
  bool has_warned_ = false;
};

}  // namespace orrery
