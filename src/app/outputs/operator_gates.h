#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
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

// The operator's own commands that the clips of a run must pass. Exit code 0 passes the clip; kRefusal refuses it, with
// the first line of the command's output as reason; any other exit means that the command failed.
struct GateOptions {
  std::optional<std::string> prompt;  // gets the request as a line of JSON on standard input
  std::optional<std::string> media;   // gets the path of the finished file as its last argument
  std::int64_t seconds = 60;          // time limit of each call
};

// Calls the commands and keeps their answers, on rank 0. Commands run in threads while clips are made.
class OperatorGates {
 public:
  static constexpr int kRefusal = 10;
  static constexpr std::size_t kAhead = 4;  // requests to check ahead, since a command may take longer than a clip

  explicit OperatorGates(GateOptions options) : options_(std::move(options)) {}
  OperatorGates(const OperatorGates&) = delete;
  OperatorGates& operator=(const OperatorGates&) = delete;
  ~OperatorGates() { given_up_ = true; }

  // Starts the check of a request for which prompt_problem() will most likely be called soon, unless it has been
  // started.
  void begin_prompt(const Request& request);
  // Why the request must not be made; "" when it passed or there is no prompt command. Waits for the answer until
  // `given_up()`, which is called every second, is true: then it ends all prompt commands and returns "", and the
  // request must not be made.
  std::string prompt_problem(const Request& request, const std::function<bool()>& given_up);
  // The check of finished files; empty without a media command. The object must outlive the result.
  MediaCheck media_check();
  // Returns and removes the answers about the clip, in order: a list of {check, command, result ("passed", "refused",
  // "failed"), reason, seconds}; null when there are none. Thread-safe.
  Json take(const std::string& id);

 private:
  // Records the answer for the clip. Returns the problem, or "" when it passed.
  std::string judge(const std::string& id, const char* check, const std::string& command, const CommandEnd& end);
  std::future<CommandEnd> ask_about(const Request& request);

  GateOptions options_;
  std::atomic<bool> given_up_ = false;
  std::mutex mutex_;
  std::map<std::string, Json> answers_;                     // by clip
  std::map<std::string, std::future<CommandEnd>> prompts_;  // by clip; last, since threads use the rest
};

}  // namespace orrery
