#include "app/outputs/operator_gates.h"

#include <chrono>
#include <utility>

#include "app/manifest/manifest.h"
#include "base/core/pulse.h"

namespace orrery {
namespace {

enum class Verdict { Passed, Refused, Failed };

Verdict verdict_of(const CommandEnd& end) {
  if (end.exited_with(0)) return Verdict::Passed;
  return end.exited_with(OperatorGates::kRefusal) ? Verdict::Refused : Verdict::Failed;
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
      return "passed";
    case Verdict::Refused:
      return "refused";
    default:
      return "failed";
  }
}

// The reason: the command's own words for a refusal; for a failure also how the command ended.
std::string reason_of(const CommandEnd& end) {
  const std::string words = valid_utf8(end.first_line);
  if (verdict_of(end) == Verdict::Refused) return words.empty() ? "it gave no reason" : words;
  return text_of(end) + (words.empty() ? "" : ": " + words);
}

}  // namespace

std::future<CommandEnd> OperatorGates::ask_about(const Request& request) {
  ShellCommand command{*options_.prompt, {}, manifest_line(request) + "\n", static_cast<double>(options_.seconds)};
  return std::async(std::launch::async, [this, command = std::move(command)] {
    return run_command(command, [this] { return given_up_.load(); });
  });
}

void OperatorGates::begin_prompt(const Request& request) {
  if (options_.prompt && !prompts_.contains(request.id)) prompts_.emplace(request.id, ask_about(request));
}

std::string OperatorGates::prompt_problem(const Request& request, const std::function<bool()>& given_up) {
  if (!options_.prompt) return "";
  begin_prompt(request);
  std::future<CommandEnd> answer = std::move(prompts_.extract(request.id).mapped());
  // The command has its own time limit; until then, beat() shows the other ranks that this process is alive.
  while (answer.wait_for(std::chrono::seconds(1)) != std::future_status::ready) {
    beat();
    if (given_up()) given_up_ = true;
  }
  const CommandEnd end = answer.get();
  return end.how == CommandEnd::How::GivenUp ? "" : judge(request.id, "prompt", *options_.prompt, end);
}

MediaCheck OperatorGates::media_check() {
  if (!options_.media) return {};
  return [this](const std::string& id, const std::filesystem::path& file, const std::function<bool()>& given_up) {
    const ShellCommand command{*options_.media, {file.string()}, "", static_cast<double>(options_.seconds)};
    const CommandEnd end = run_command(command, given_up);
    const std::string problem = judge(id, "media", *options_.media, end);
    if (problem.empty()) return;
    if (verdict_of(end) == Verdict::Refused) throw ClipRefused(problem);
    throw Error(problem);
  };
}

std::string OperatorGates::judge(const std::string& id, const char* check, const std::string& command,
                                 const CommandEnd& end) {
  const Verdict verdict = verdict_of(end);
  Json answer{{"check", check}, {"command", valid_utf8(command)}, {"result", verdict_name(verdict)}};
  if (verdict != Verdict::Passed) answer["reason"] = reason_of(end);
  answer["seconds"] = end.seconds;
  const std::lock_guard lock(mutex_);
  Json& all = answers_[id];
  if (all.is_null()) all = Json::array();
  all.push_back(std::move(answer));
  const std::string option = std::string("--check-") + check;
  if (verdict == Verdict::Passed) return "";
  return verdict == Verdict::Refused ? "refused by " + option + ": " + reason_of(end)
                                     : option + " failed: " + reason_of(end);
}

Json OperatorGates::take(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(id);
  if (found == answers_.end()) return nullptr;
  Json answers = std::move(found->second);
  answers_.erase(found);
  return answers;
}

}  // namespace orrery
