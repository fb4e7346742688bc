#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace orrery {

// A file that appears whole or not at all: write to path(), then commit(). Until then the bytes live beside the target
// as TARGET.tmp, which the destructor removes. Only one process may write a target at a time.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path target);
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile();

  const std::filesystem::path& path() const { return temporary_; }
  // fsyncs the file (closed by its writer), renames it onto the target and fsyncs the folder. Throws Error.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

// Whole content; throws InputError that names the path and the reason.
std::string read_file(const std::filesystem::path& path);

// Replaces the file atomically; throws Error.
void write_file(const std::filesystem::path& path, std::string_view content);

// Appends `line` and a newline in one write and fsyncs; throws Error.
void append_line(const std::filesystem::path& path, std::string_view line);

// Cuts off what follows the last newline: half a line that a killed process left. Reads the end alone; no file: nothing
// to cut. Throws Error.
void cut_half_line(const std::filesystem::path& path);

// Creates the folder and its parents and checks that files can be made there; throws InputError.
void require_writable_folder(const std::filesystem::path& folder);

}  // namespace orrery
