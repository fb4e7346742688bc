#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <streambuf>
#include <string>

namespace orrery {

// Minimum stack of a thread [bytes]: encoders and LibTorch's kernels need more than a low `ulimit -s` allows.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;

// Gives every thread that is started from now on a stack of at least kStackBytes. Then runs `work`, which must not
// throw, and returns its result; in a new thread when the stack of this one is limited to less.
int with_enough_stack(const std::function<int()>& work);

// Opens standard input, output and error on /dev/null if the calling process had closed them. Otherwise a file that
// this program opens could get one of their descriptors, and printed text would end up in it. Writing to a standard
// output that was closed still fails.
void open_closed_standard_streams();

// From now on a write to a pipe that nobody reads, or beyond the file size limit (ulimit -f), fails like any other
// write (EPIPE, EFBIG) instead of ending the process by SIGPIPE or SIGXFSZ.
void let_writes_fail();

// Replaces the buffer of std::cout while this object lives: bytes go to `descriptor`, and a failed write throws Error
// "standard output: REASON" out of the output operator. At most one object at a time.
class StandardOutput : private std::streambuf {
 public:
  explicit StandardOutput(int descriptor = 1);
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;
  // Writes what is buffered, and ignores errors.
  ~StandardOutput() override;

  // Writes what is buffered. Throws Error.
  void finish();

 private:
  int_type overflow(int_type c) override;
  int sync() override;
  void write_buffer();

  int descriptor_;
  std::array<char, 1 << 14> buffer_{};
  std::streambuf* before_;
};

}  // namespace orrery
