#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/descriptor.h"

namespace orrery {

// A file that appears whole or not at all: write to path(), then commit(). Until then the bytes live beside the target
// as TARGET.tmp, which the destructor removes. Whoever writes the same target meanwhile, in this process or another,
// gets another name (TARGET.1.tmp, ...): both files are whole, and the one that is committed last stays. What a killed
// writer left is taken over or removed by the next one.
class PendingFile {
 public:
  // Makes the temporary file, empty or with what a killed writer left, and locks it. On a file system without locks its
  // name is drawn at random. Throws Error.
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
  Descriptor claim_;  // the lock, while it is open
  bool committed_ = false;
};

// What has this name, links followed. False when nothing has; throws InputError that names the path when that cannot be
// told: links in a loop, a name too long, a folder that may not be searched.
bool is_there(const std::filesystem::path& path);
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// Opens a regular file to read. Never waits for anybody: a FIFO, socket or device is refused, and so is a folder.
// Throws InputError that names the path and the reason. `size`, if given, becomes the file's length.
Descriptor open_input(const std::filesystem::path& path, std::int64_t* size = nullptr);

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
