#include "models/kernels/attention_kernels.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOperator = "fa3_fwd::fwd";
constexpr const char* kRelease = "fa3-fwd 0.0.3";

// The operator's schema in kRelease.
constexpr const char* kSchema =
    "fa3_fwd::fwd(Tensor q, Tensor k, Tensor v, Tensor(k_new!)? k_new=None, Tensor(v_new!)? v_new=None, "
    "Tensor? q_v=None, Tensor(out!)? out=None, Tensor? cu_seqlens_q=None, Tensor? cu_seqlens_k=None, "
    "Tensor? cu_seqlens_k_new=None, Tensor? seqused_q=None, Tensor? seqused_k=None, int? max_seqlen_q=None, "
    "int? max_seqlen_k=None, Tensor? page_table=None, Tensor? kv_batch_idx=None, Tensor? leftpad_k=None, "
    "Tensor? rotary_cos=None, Tensor? rotary_sin=None, Tensor? seqlens_rotary=None, Tensor? q_descale=None, "
    "Tensor? k_descale=None, Tensor? v_descale=None, float? softmax_scale=None, bool is_causal=False, "
    "int window_size_left=-1, int window_size_right=-1, int attention_chunk=0, float softcap=0.0, "
    "bool is_rotary_interleaved=False, Tensor? scheduler_metadata=None, int num_splits=0, bool? pack_gqa=None, "
    "int sm_margin=0) -> (Tensor(out!), Tensor, Tensor, Tensor)";

std::optional<c10::OperatorHandle> find_operator() { return c10::Dispatcher::singleton().findSchema({kOperator, ""}); }

std::string text_of(const c10::Argument& argument) { return argument.type()->str() + " " + argument.name(); }

// How `found` differs from `known`; "" when it does not.
std::string difference(const c10::FunctionSchema& found, const c10::FunctionSchema& known) {
  if (found.arguments().size() != known.arguments().size()) {
    return fmt::format("has {} arguments, expected {}", found.arguments().size(), known.arguments().size());
  }
  for (std::size_t i = 0; i < known.arguments().size(); ++i) {
    const std::string is = text_of(found.arguments()[i]), expected = text_of(known.arguments()[i]);
    if (is != expected) return fmt::format("has \"{}\" as argument {}, expected \"{}\"", is, i + 1, expected);
  }
  if (found.returns().size() != known.returns().size()) {
    return fmt::format("returns {} values, expected {}", found.returns().size(), known.returns().size());
  }
  for (std::size_t i = 0; i < known.returns().size(); ++i) {
    const std::string is = found.returns()[i].type()->str(), expected = known.returns()[i].type()->str();
    if (is != expected) return fmt::format("returns \"{}\" as value {}, expected \"{}\"", is, i + 1, expected);
  }
  return "";
}

// Loads libtorch.so, which the library needs. This program does not link it, and the loader may not search its folder.
void load_libtorch() {
  Dl_info found{};
  if (::dladdr(&c10::Dispatcher::singleton(), &found) == 0) return;
  const fs::path libtorch = fs::path(found.dli_fname).parent_path() / "libtorch.so";
  ::dlopen(libtorch.c_str(), RTLD_LAZY | RTLD_GLOBAL);  // on failure, loading the library fails too and reports why
}

// Loads lazily, so that the library's only Python symbol, which only `import` in Python needs, is never resolved.
void load(const fs::path& library) {
  require_input(fs::exists(library), library.string() + ": no such file, expected FlashAttention-3's library (" +
                                         kRelease + "; tools/setup.sh installs it)");
  const bool loaded_before = ::dlopen(library.c_str(), RTLD_LAZY | RTLD_NOLOAD) != nullptr;
  require_input(loaded_before || !find_operator(),
                library.string() + ": another library that has " + kOperator + " is loaded already");
  load_libtorch();
  if (::dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr) return;
  const char* const why = ::dlerror();
  throw InputError(library.string() + ": cannot be loaded: " + (why == nullptr ? "no reason given" : why));
}

c10::OperatorHandle checked_operator(const fs::path& library) {
  const std::string advice = std::string("; install ") + kRelease + " (tools/setup.sh does)";
  const std::optional<c10::OperatorHandle> found = find_operator();
  require_input(found.has_value(), library.string() + ": does not register " + kOperator + advice);
  const std::string other = difference(found->schema(), torch::jit::parseSchema(kSchema));
  require_input(other.empty(), library.string() + ": its " + kOperator + " " + other +
                                   ": another version than the one known here" + advice);
  return *found;
}

// The folder of the program. When a loader named on the command line started it (tools/bundle.sh), /proc/self/exe is
// the loader, and the program's name may be relative.
fs::path program_folder() {
  std::error_code ignored;
  const fs::path started = fs::read_symlink("/proc/self/exe", ignored);
  const bool is_loader = started.filename().string().starts_with("ld-linux");
  const fs::path program = is_loader ? fs::absolute(program_invocation_name, ignored).lexically_normal() : started;
  return program.parent_path();
}

// The cache folder, found like in tools/setup.sh.
fs::path cache_folder() {
  if (const char* const cache = std::getenv("ORRERY_CACHE")) return cache;
  const char* const home = std::getenv("HOME");
  return home == nullptr ? fs::path() : fs::path(home) / ".cache" / "orrery";
}

bool fits(const PartialAttention& a) {
  return a.out.is_contiguous() && packed_rows(a.out.flatten(1)) && a.out.size(2) % 8 == 0 &&
         a.log_sum_exp.is_contiguous();
}

}  // namespace

FlashAttention::FlashAttention(const fs::path& library) {
  load(library);
  forward_ = std::make_shared<const c10::OperatorHandle>(checked_operator(library));
  const c10::FunctionSchema& schema = forward_->schema();
  for (const c10::Argument& each : schema.arguments()) defaults_.push_back(each.default_value().value_or(at::IValue()));
  causal_ = static_cast<std::size_t>(schema.argumentIndexWithName("is_causal").value());
  q_descale_ = static_cast<std::size_t>(schema.argumentIndexWithName("q_descale").value());
  // A single pass over the keys: 0 would let the kernel choose their number, on which rounding depends.
  defaults_[static_cast<std::size_t>(schema.argumentIndexWithName("num_splits").value())] = 1;
}

at::Tensor FlashAttention::operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                      bool causal) const {
  std::vector<at::IValue> arguments = defaults_;
  arguments[0] = q.unsqueeze(0);
  arguments[1] = k.unsqueeze(0);
  arguments[2] = v.unsqueeze(0);
  arguments[causal_] = causal;
  return call(std::move(arguments));
}

at::Tensor FlashAttention::operator()(const Float8Heads& q, const Float8Heads& k, const Float8Heads& v) const {
  std::vector<at::IValue> arguments = defaults_;
  std::size_t operand = 0;
  for (const Float8Heads* each : {&q, &k, &v}) {
    arguments[operand] = each->data.unsqueeze(0);
    arguments[q_descale_ + operand] = each->scale.unsqueeze(0);  // (1, kv_heads)
    ++operand;
  }
  return call(std::move(arguments));
}

at::Tensor FlashAttention::call(std::vector<at::IValue> arguments) const {
  forward_->callBoxed(&arguments);
  return arguments.front().toTensor().squeeze(0);
}

std::shared_ptr<const FlashAttention> find_flash_attention() {
  std::string missing;
  for (const fs::path& place : flash_attention_places()) {
    std::error_code ignored;
    if (fs::exists(place, ignored)) return std::make_shared<const FlashAttention>(place);
    missing.append(missing.empty() ? "" : ", no ").append(place.string());
  }
  throw InputError("FlashAttention-3 is not installed: no " + missing + " (tools/setup.sh installs it)");
}

std::vector<fs::path> flash_attention_places() {
  const char* const named = std::getenv("ORRERY_FA3");
  if (named != nullptr && *named != '\0') return {named};
  const fs::path file = fs::path("fa3_fwd") / "_C.abi3.so";
  const fs::path program = program_folder();
  return {program / file, program.parent_path() / "lib" / file, cache_folder() / "fa3_fwd-0.0.3" / file};
}

void join_attention(PartialAttention& some, const PartialAttention& rest) {
  if (!fits(some) || !fits(rest)) return join_attention_aten(some, rest);
  launch(JoinAttentionLaunch{.out = some.out.data_ptr<at::BFloat16>(),
                             .log_sum_exp = some.log_sum_exp.const_data_ptr<float>(),
                             .rest = rest.out.const_data_ptr<at::BFloat16>(),
                             .rest_log_sum_exp = rest.log_sum_exp.const_data_ptr<float>(),
                             .tokens = some.out.size(0),
                             .heads = some.out.size(1),
                             .head_dim = some.out.size(2)},
         some.out.get_device());
}

// The share of `rest` in all weights is e^rest / (e^some + e^rest).
void join_attention_aten(PartialAttention& some, const PartialAttention& rest) {
  const at::Tensor share = at::sigmoid(rest.log_sum_exp - some.log_sum_exp).t().unsqueeze(-1);
  some.out.lerp_(rest.out, share.to(some.out.scalar_type()));
}

}  // namespace orrery
