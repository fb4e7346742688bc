#include "base/parallel/sums_behind.h"

#include <c10/cuda/CUDAStream.h>
#include <cuda.h>
#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <utility>

#include "base/core/error.h"
#include "base/device/cuda_event.h"

namespace orrery {
namespace {

// Looks up a function of the CUDA driver, which programs do not link.
template <class Function>
Function driver_function(const char* name) {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult state{};
  constexpr unsigned kCuda12 = 12000;
  const cudaError_t code = cudaGetDriverEntryPointByVersion(name, &found, kCuda12, cudaEnableDefault, &state);
  if (code != cudaSuccess || state != cudaDriverEntryPointSuccess) return nullptr;
  return reinterpret_cast<Function>(found);
}

struct StreamOperations {
  using Operation = CUresult (*)(CUstream, CUdeviceptr, cuuint32_t, unsigned);
  Operation write = driver_function<Operation>("cuStreamWriteValue32");
  Operation wait = driver_function<Operation>("cuStreamWaitValue32");
};

const StreamOperations& operations() {
  static const StreamOperations kOperations;
  return kOperations;
}

void check_driver(CUresult code, const char* what) {
  if (code != CUDA_SUCCESS) fail(what, fmt::format("the driver's error {}", static_cast<int>(code)));
}

CUdeviceptr counter_at(std::byte* memory, int counter) {
  return reinterpret_cast<CUdeviceptr>(memory + static_cast<std::size_t>(counter) * sizeof(std::uint32_t));
}

std::string words_of(cudaError_t code) {
  cudaGetLastError();  // clears the error, which later calls must not see again
  return code == cudaSuccess ? "" : cudaGetErrorString(code);
}

cudaStream_t current() { return c10::cuda::getCurrentCUDAStream().stream(); }

// The stream of the transfers. Its priority is high, since other work always waits for them.
cudaStream_t side(c10::DeviceIndex device) {
  static const c10::cuda::CUDAStream kStream = c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device);
  return kStream.stream();
}

}  // namespace

std::unique_ptr<PeerMemory> PeerMemory::make(const Comm& pair, std::int64_t bytes, std::string& problem) {
  require(pair.shard().size == 2, "peer memory is for two ranks");
  problem = pair.split_by_node().shard().size == 2 ? "" : "the two ranks are on different nodes";
  if (!problem.empty()) return nullptr;
  std::unique_ptr<PeerMemory> memory(new PeerMemory(pair));
  std::string handle;
  problem = pair.first_problem(memory->allocate(bytes, handle));
  if (!problem.empty()) return nullptr;
  const std::string of_first = pair.broadcast(handle, 0);
  const std::string of_second = pair.broadcast(handle, 1);
  problem = pair.first_problem(memory->open(pair.is_root() ? of_second : of_first));
  if (!problem.empty()) return nullptr;
  return memory;
}

std::string PeerMemory::allocate(std::int64_t bytes, std::string& handle) {
  if (operations().write == nullptr || operations().wait == nullptr) return "the driver has no stream operations";
  void* memory = nullptr;
  const std::string problem = words_of(cudaMalloc(&memory, static_cast<std::size_t>(kHeader + bytes)));
  if (!problem.empty()) return problem;
  own_ = static_cast<std::byte*>(memory);
  cudaIpcMemHandle_t name{};
  std::string failed = words_of(cudaMemset(own_, 0, kHeader));
  if (failed.empty()) failed = words_of(cudaDeviceSynchronize());
  if (failed.empty()) failed = words_of(cudaIpcGetMemHandle(&name, own_));
  handle.assign(name.reserved, sizeof name.reserved);
  return failed;
}

std::string PeerMemory::open(const std::string& handle) {
  cudaIpcMemHandle_t name{};
  if (handle.size() != sizeof name.reserved) return "the peer's memory has no name";
  std::memcpy(name.reserved, handle.data(), sizeof name.reserved);
  void* memory = nullptr;
  const std::string problem = words_of(cudaIpcOpenMemHandle(&memory, name, cudaIpcMemLazyEnablePeerAccess));
  if (problem.empty()) peer_ = static_cast<std::byte*>(memory);
  return problem;
}

PeerMemory::~PeerMemory() {
  cudaDeviceSynchronize();
  if (peer_ != nullptr) cudaIpcCloseMemHandle(peer_);
  // Until the peer gets here too, it may still write to this memory or have it open.
  if (std::uncaught_exceptions() == 0) MPI_Barrier(pair_.get());
  if (own_ != nullptr) cudaFree(own_);
}

void PeerMemory::write(std::int64_t offset, const void* from, std::int64_t size, int counter, std::uint32_t value,
                       cudaStream_t stream) const {
  check_cuda(cudaMemcpyAsync(peer_ + kHeader + offset, from, static_cast<std::size_t>(size), cudaMemcpyDefault, stream),
             "copy to the other GPU");
  check_driver(operations().write(stream, counter_at(peer_, counter), value, CU_STREAM_WRITE_VALUE_DEFAULT),
               "tell the other GPU of a copy");
}

void PeerMemory::wait(int counter, std::uint32_t value, cudaStream_t stream) const {
  check_driver(operations().wait(stream, counter_at(own_, counter), value, CU_STREAM_WAIT_VALUE_GEQ),
               "wait for the other GPU's copy");
}

SumsBehind::SumsBehind(const Comm& comm, AllReduce all_reduce, std::string other_way)
    : comm_(comm),
      all_reduce_(std::move(all_reduce)),
      pair_(comm.shard().size == 2),
      other_way_(std::move(other_way)) {}

// Whether peer memory can hold sums of `bytes`; enlarges it when needed.
bool SumsBehind::makes_room(std::int64_t bytes) {
  if (!pair_ || bytes <= slot_bytes_) return pair_;
  require(started_ == finished_, "a larger sum over ranks began while another was under way");
  peer_.reset();
  peer_ = PeerMemory::make(comm_, bytes * static_cast<std::int64_t>(kSlots), no_peer_);
  pair_ = peer_ != nullptr;
  slot_bytes_ = bytes;
  return pair_;
}

std::string SumsBehind::path() const {
  if (started_ == 0) return "";
  if (peer_) return "through each other's GPU memory";
  return no_peer_.empty() ? other_way_ : other_way_ + ", since not through each other's GPU memory: " + no_peer_;
}

void SumsBehind::start(at::Tensor& x) {
  const bool to_peer = makes_room(static_cast<std::int64_t>(x.nbytes()));
  const std::size_t slot = started_ % kSlots;
  const cudaStream_t stream = side(x.get_device());
  ready_.record(current());
  ready_.hold(stream);
  ++started_;
  if (to_peer) {
    peer_->write(static_cast<std::int64_t>(slot) * slot_bytes_, x.const_data_ptr(),
                 static_cast<std::int64_t>(x.nbytes()), static_cast<int>(slot), started_, stream);
  } else {
    all_reduce_(x, stream);
  }
  done_[slot].record(stream);
}

at::Tensor SumsBehind::finish(const at::Tensor& x) {
  const std::size_t slot = finished_ % kSlots;
  ++finished_;
  done_[slot].hold(current());  // also keeps x's memory from reuse before the peer has read it
  if (!pair_) return {};
  peer_->wait(static_cast<int>(slot), finished_, current());
  return at::for_blob(peer_->at(static_cast<std::int64_t>(slot) * slot_bytes_), x.sizes())
      .options(x.options())
      .target_device(x.device())
      .make_tensor();
}

}  // namespace orrery
