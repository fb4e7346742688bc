#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/core/handle.h"

namespace orrery {

// A file that appears whole or not at all: write to path(), then commit(). Until then its bytes are in TARGET.tmp,
// which the destructor removes. A second writer of the same target, in this process or another, gets another temporary
// name (TARGET.1.tmp, ...); both files are whole, and the one that is committed last stays. The next writer takes over
// or removes what a killed writer left.
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

// Whether anything, a regular file or a folder has this name, links followed. Throws InputError that names the path
// when that cannot be found out: links in a loop, a name too long, a folder that may not be searched.
bool is_there(const std::filesystem::path& path);
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// Opens a regular file for reading, and sets `size`, if given, to its length in bytes. Refuses FIFOs, sockets and
// devices, so that it never blocks, and folders. Throws InputError that names the path and the reason.
Descriptor open_input(const std::filesystem::path& path, std::int64_t* size = nullptr);

// The file's whole content. Throws InputError that names the path and the reason.
std::string read_file(const std::filesystem::path& path);

// Checks a complete file under its temporary name; when it throws, the file does not appear.
using FileCheck = std::function<void(const std::filesystem::path& file)>;

// Replaces the file's content atomically. Throws Error, and what `check` throws.
void write_file(const std::filesystem::path& path, std::string_view content, const FileCheck& check = {});

// Appends `line` and a newline in one write and fsyncs; throws Error.
void append_line(const std::filesystem::path& path, std::string_view line);

// Truncates the file after its last newline: removes half a line that a killed process left. Reads only the file's end;
// does nothing when there is no file. Throws Error.
void cut_half_line(const std::filesystem::path& path);

// Creates the folder and its parents and checks that files can be made there; throws InputError.
void require_writable_folder(const std::filesystem::path& folder);

}  // namespace orrery
