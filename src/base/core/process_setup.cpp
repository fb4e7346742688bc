#include "base/core/process_setup.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

#include "base/core/error.h"

namespace orrery {
namespace {

// Raises the default stack of new threads, which glibc takes from `ulimit -s` when the program starts.
void enlarge_threads() {
  pthread_attr_t attributes;
  if (::pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t bytes = 0;
  ::pthread_attr_getstacksize(&attributes, &bytes);
  ::pthread_attr_setstacksize(&attributes, std::max(bytes, kStackBytes));
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

int with_enough_stack(const std::function<int()>& work) {
  enlarge_threads();
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kStackBytes) return work();  // RLIM_INFINITY is large
  int result = 0;
  std::thread([&] { result = work(); }).join();
  return result;
}

void open_closed_standard_streams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // open() takes the lowest free number, which is `descriptor`: those below it are open. Opened for reading only, a
    // closed standard output still refuses writes.
    [[maybe_unused]] const int opened = ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

void let_writes_fail() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

StandardOutput::StandardOutput(int descriptor) : descriptor_(descriptor), before_(std::cout.rdbuf(this)) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  std::cout.exceptions(std::ios::badbit);  // passes on what overflow() throws
}

StandardOutput::~StandardOutput() {
  try {
    write_buffer();
  } catch (const Error&) {  // an earlier failure has been reported, or another error ends the program
  }
  std::cout.exceptions(std::ios::goodbit);
  std::cout.rdbuf(before_);
}

void StandardOutput::finish() { write_buffer(); }

void StandardOutput::write_buffer() {
  const char* next = pbase();
  const char* const end = pptr();
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  while (next != end) {
    const ssize_t written = ::write(descriptor_, next, static_cast<std::size_t>(end - next));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw Error(std::string("standard output: cannot be written: ") + std::strerror(errno));
    next += written;
  }
}

StandardOutput::int_type StandardOutput::overflow(int_type c) {
  write_buffer();
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  return sputc(traits_type::to_char_type(c));
}

int StandardOutput::sync() {
  write_buffer();
  return 0;
}

}  // namespace orrery
