#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/core/json.h"
#include "base/core/shell_command.h"
#include "pipeline/clip_media_files.h"
#include "pipeline/request.h"

namespace orrery {

// Commands of the operator's own that the clips of a run must pass. Exit code 0 passes, kRefusal refuses with the first
// line of the command's output as the reason; any other end means that the command failed.
struct GateOptions {
  std::optional<std::string> prompt;  // gets the request as one line of JSON on its standard input
  std::optional<std::string> media;   // gets the path of the finished file as its last argument
  std::int64_t seconds = 60;          // each call may take
};

// Asks the gates and remembers their answers, on rank 0. Commands run in threads beside the clips' making.
class OperatorGates {
 public:
  static constexpr int kRefusal = 10;
  static constexpr std::size_t kAhead = 4;  // requests worth asking about ahead: a command may take longer than a clip

  explicit OperatorGates(GateOptions options) : options_(std::move(options)) {}
  OperatorGates(const OperatorGates&) = delete;
  OperatorGates& operator=(const OperatorGates&) = delete;
  ~OperatorGates() { given_up_ = true; }

  // Begins to ask about a request that prompt_problem() will most likely be asked about soon, unless it has begun.
  void begin_prompt(const Request& request);
  // Why the request must not be made, or "": it passed, or there is no such gate. Waits for the answer.
  std::string prompt_problem(const Request& request);
  // Asks about finished files; empty: there is no such gate. The object must outlive the result.
  MediaCheck media_check();
  // What was asked about the clip since the last take(), in order: a list of {check, command, result ("passed",
  // "refused", "failed"), reason, seconds}; null: nothing was. Thread-safe.
  Json take(const std::string& id);

 private:
  // The answer is recorded for the clip. "": it passed.
  std::string judge(const std::string& id, const char* check, const std::string& command, const CommandEnd& end);
  std::future<CommandEnd> ask_about(const Request& request);

  GateOptions options_;
  std::atomic<bool> given_up_ = false;
  std::mutex mutex_;
  std::map<std::string, Json> answers_;                     // by clip
  std::map<std::string, std::future<CommandEnd>> prompts_;  // by clip; last: their threads use the rest
};

}  // namespace orrery
