#include "fuzz.h"

#include <fcntl.h>
#include <sanitizer/allocator_interface.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <system_error>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t limit);

namespace orrery::fuzz {
namespace {

namespace fs = std::filesystem;

std::atomic<std::int64_t> held{0};
std::atomic<std::int64_t> most_held{0};

void on_malloc(const volatile void*, std::size_t size) {
  const std::int64_t now = held += static_cast<std::int64_t>(size);
  if (now > most_held) most_held = now;
}

void on_free(const volatile void* block) {
  held -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(block)));
}

// Ends the fuzzer, by the signal that libFuzzer ends on, after the CPU time that tools/fuzz.sh gives it.
bool limit_cpu_time() {
  const char* const seconds = std::getenv("ORRERY_FUZZ_CPU_SECONDS");
  if (seconds == nullptr) return false;
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer{};
  itimerspec when{};
  when.it_value.tv_sec = std::atol(seconds);
  return ::timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0 &&
         ::timer_settime(timer, 0, &when, nullptr) == 0;
}

[[maybe_unused]] const bool has_limit = limit_cpu_time();

}  // namespace

void check(bool ok, const std::string& finding) {
  if (ok) return;
  std::fprintf(stderr, "FINDING: %s\n", finding.c_str());
  std::abort();
}

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "orrery-fuzz-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "no temporary folder " + name);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Folder::write(const std::string& name, std::string_view content) const {
  fs::path file = path_ / name;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const ssize_t written = ::write(descriptor, content.data(), content.size());
  ::close(descriptor);
  check(written == static_cast<ssize_t>(content.size()), "cannot write " + file.string());
  return file;
}

HeapPeak::HeapPeak() {
  static const bool hooked = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;
  check(hooked, "no hooks of the allocator");
  held = 0;
  most_held = 0;
}

std::int64_t HeapPeak::bytes() const { return most_held; }

std::string mutated(std::string text, std::size_t limit) {
  const std::size_t size = std::min(text.size(), limit);
  text.resize(std::max<std::size_t>(limit, 1));
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

std::size_t give_back(std::string_view text, std::uint8_t* data, std::size_t limit) {
  const std::size_t size = std::min(text.size(), limit);
  std::copy_n(text.begin(), size, reinterpret_cast<char*>(data));
  return size;
}

}  // namespace orrery::fuzz
