#include <array>

#include "app/cli/help.h"

namespace orrery {
namespace {

constexpr std::string_view kRunText =
    R"(Makes every clip of a manifest: latents in HDF5, videos with their sound, and one line for each request in
OUT/results.jsonl. Everything is checked before any weights are read, and all bad lines of the manifest are reported
at once. A request that fails is recorded with its reason, and the run continues with the next one.

Run the same command again after an interruption: complete clips are skipped, and an unfinished clip resumes from its
snapshot. SIGUSR1, SIGTERM and SIGINT stop at the next denoising step, leave a snapshot, and end with exit code 75.

Under mpirun or srun, start cfg x sp x tp ranks, one for each GPU. --cfg 2 gives each guidance branch its own ranks
and is the first choice for several GPUs. --sp N splits a clip's tokens over N ranks, which all have the weights: the
next choice if these fit. --tp N splits the weights over N ranks; N must divide the model's heads, key/value heads and
intermediate size.

On a terminal, two lines at the bottom show the progress of the clip and of the manifest. Otherwise, and in
--log-file, progress is a line with date and time at a clip's first and last step, every ten seconds in between, and
at its end. Ranks other than 0 print only warnings.)";

constexpr std::array kRunFiles{
    HelpEntry{"OUT/run.json", "options, versions, ranks and checkpoint of the latest run"},
    HelpEntry{"OUT/results.jsonl",
              "a line for each request: status, reason of a failure, files, seconds by phase, "
              "peak memory; for a shard: results-I-of-N.jsonl and run-I-of-N.json"},
    HelpEntry{"OUT/index.html", "a page with all clips for a browser; needs no network"},
    HelpEntry{"OUT/latents/ID.h5", "final latents, and everything needed to decode or repeat them"},
    HelpEntry{"OUT/media/ID.mp4", "H.264 and, with sound, AAC; with --preview also ID.png"},
    HelpEntry{"OUT/media/ID.png", "the picture of a clip of one frame, instead of the mp4; or ID.jpg"},
    HelpEntry{"OUT/frames/ID/", "with --keep-frames: 000000.png and so on, sound.wav"},
    HelpEntry{"OUT/timings/ID.json", "with --timings: seconds of each phase and each step"},
    HelpEntry{"OUT/snapshots/ID.h5", "only while the clip is unfinished"}};

constexpr std::array kRunCodes{HelpEntry{"0", "all clips are made"},
                               HelpEntry{"1", "some requests failed: OUT/results.jsonl says which and why"},
                               HelpEntry{"2", "bad usage, manifest or checkpoint: nothing was made"},
                               HelpEntry{"3", "an internal or device error, or OUT cannot be written"},
                               HelpEntry{"75", "stopped on request: run the same command again to resume"}};

constexpr HelpEntry kGpus{"CUDA_VISIBLE_DEVICES", "the GPUs that may be used; rank 0 of a node takes the first"};
constexpr HelpEntry kThreads{"OMP_NUM_THREADS", "the most threads of a rank; default: its share of the cores"};
constexpr HelpEntry kFa3{"ORRERY_FA3",
                         "FlashAttention-3's library (fa3_fwd/_C.abi3.so), instead of the one beside the program "
                         "or in tools/setup.sh's cache"};
constexpr HelpEntry kPeerMemory{"ORRERY_PEER_MEMORY",
                                "0: tp and sp ranks exchange everything through NCCL, and not through each other's "
                                "GPU memory while they compute"};
constexpr HelpEntry kSharing{"ORRERY_SHARE_GPUS", "1: ranks may share a GPU, to test several ranks on one; slow"};

constexpr std::array kRunVariables{
    HelpEntry{"SLURM_ARRAY_TASK_ID", "in a Slurm job array: the task's position gives its shard"},
    HelpEntry{"SLURM_JOB_END_TIME", "when the job ends: the run stops before that; a time in the past is refused"},
    kGpus,
    kThreads,
    kFa3,
    kPeerMemory,
    kSharing};

constexpr std::array kRunExamples{
    HelpEntry{"Everything on one GPU:", "orrery run --checkpoint Cosmos3-Nano --manifest clips.jsonl --out out"},
    HelpEntry{"Eight GPUs, with the options of a job file:", R"(mpirun -n 8 orrery run --job jobs/nano-8gpu-720p.ini \
  --checkpoint Cosmos3-Nano --manifest clips.jsonl --out out)"},
    HelpEntry{"Under Slurm, with random weights, to test a cluster:",
              R"(srun --kill-on-bad-exit=1 -n 8 orrery run --job jobs/super-8gpu-720p.ini \
  --checkpoint random:super --manifest clips.jsonl --out trial)"},
    HelpEntry{"The options in effect, as a job file to keep:",
              "orrery run --cfg 2 --steps 20 --dump-config > mine.ini"}};

constexpr std::string_view kValidateText =
    R"(Finds everything that run would refuse or let fail: checks the manifest, the files that it names, the
checkpoint's configuration and tensors, the texts' token ids and the output folder. It prints how much GPU memory the
largest clip needs. It loads no weights, needs no GPU, and writes nothing. Of videos it decodes the first frame, of
pictures it reads the first bytes: damage behind these is found by run.

It takes the options of run, so that a command can be checked before it waits in a queue: replace the word run by
validate, and leave out the launcher.)";

constexpr std::array kCheckCodes{
    HelpEntry{"0", "a run would start"},
    HelpEntry{"2", "a run would refuse this, or some requests would fail: one line for each problem"},
    HelpEntry{"3", "internal error"}};

constexpr std::array kValidateExamples{
    HelpEntry{"A manifest and a checkpoint:", "orrery validate --checkpoint Cosmos3-Nano --manifest clips.jsonl"},
    HelpEntry{"A whole job:", R"(orrery validate --job jobs/super-8gpu-720p.ini --checkpoint Cosmos3-Super \
  --manifest clips.jsonl --out out)"}};

constexpr std::string_view kTokensText =
    R"(Prints one line of JSON for each request to standard output: id, caption, ids, negative_caption and
negative_ids, exactly as the model reads them, and num_frames, steps, guidance_scale and flow_shift, defaults included.
For a clip that is made in chunks, it prints those of the first chunk. It takes the options of run and ignores those
that change none of this.)";

constexpr std::array kPlainCodes{HelpEntry{"0", "done"}, HelpEntry{"2", "bad usage, or an input that cannot be read"},
                                 HelpEntry{"3", "an internal or device error"}};

constexpr std::array kTokensExamples{HelpEntry{"The first request's texts, on many lines:",
                                               R"(orrery tokens --checkpoint Cosmos3-Nano --manifest clips.jsonl |
  head -n 1 | python3 -m json.tool)"}};

constexpr std::string_view kEncodeText =
    R"(Encodes an image or a video with the checkpoint's video VAE to a latent file, with which a clip can begin
(condition_latents), which decode turns into media again, and which any HDF5 reader can open. Accepts every format
that FFmpeg reads. Runs on one rank, without a launcher.)";

constexpr std::array kEncodeFiles{
    HelpEntry{"FILE.h5", "the latent file; src/io/latents/README.md describes its format"}};
constexpr std::array kComputeVariables{kGpus, kThreads, kSharing};

constexpr std::array kEncodeExamples{
    HelpEntry{"An image:", R"(orrery encode --checkpoint Cosmos3-Nano --out street.h5 \
  --height 720 --width 1280 street.png)"},
    HelpEntry{"The first 17 frames of a video:", R"(orrery encode --checkpoint Cosmos3-Nano --out drive.h5 \
  --height 480 --width 832 --num-frames 17 drive.mp4)"}};

constexpr std::string_view kDecodeText =
    R"(Decodes latent files of run or encode, or of other programs that write the same format, into videos, with sound
if a file has it. It does not load the transformer. Under mpirun or srun all ranks decode together, and rank 0 writes.
The pixels equal those of the run.

The file of a long clip lists its chunks' files (NAME@0.h5 and so on) and is decoded into one video of them all. Chunks
that such a file among those given lists are skipped; others are decoded as clips of their own.)";

constexpr std::array kDecodeFiles{
    HelpEntry{"OUT/media/NAME.mp4", "named after the latent file; NAME.png for one frame, and with --preview"},
    HelpEntry{"OUT/frames/NAME/", "with --keep-frames: 000000.png and so on, sound.wav"}};

constexpr std::array kDecodeCodes{HelpEntry{"0", "all files are decoded"},
                                  HelpEntry{"1", "some files could not be decoded: each is named in a warning"},
                                  HelpEntry{"2", "bad usage or checkpoint: nothing was made"},
                                  HelpEntry{"3", "an internal or device error"}};

constexpr std::array kDecodeExamples{
    HelpEntry{"One clip again:", R"(orrery decode --checkpoint Cosmos3-Nano --out again out/latents/street.h5)"},
    HelpEntry{"Only frames as PNG, of all clips, on two GPUs:",
              R"(mpirun -n 2 orrery decode --checkpoint Cosmos3-Nano --out again \
  --media none --keep-frames out/latents/*.h5)"}};

constexpr std::array kMakingPages{
    HelpPage{Command::Run, "make every clip of a manifest", "--checkpoint DIR --manifest FILE --out DIR [OPTION…]",
             kRunText, kRunFiles, kRunCodes, kRunVariables, kRunExamples,
             "orrery validate, orrery report; jobs/README.md for job files, slurm/README.md for sbatch scripts, "
             "inputs/README.md for the manifest"},
    HelpPage{Command::Validate,
             "find in seconds, without a GPU, what run would refuse",
             "--checkpoint DIR --manifest FILE [--out DIR] [OPTION…]",
             kValidateText,
             {},
             kCheckCodes,
             {},
             kValidateExamples,
             "orrery run, orrery tokens"},
    HelpPage{Command::Tokens,
             "print the texts and the token ids that the model reads",
             "--checkpoint DIR --manifest FILE [OPTION…]",
             kTokensText,
             {},
             kPlainCodes,
             {},
             kTokensExamples,
             "orrery validate"},
    HelpPage{Command::Encode, "turn an image or a video into a latent file",
             "--checkpoint DIR --out FILE.h5 --height PIXELS --width PIXELS\n              [OPTION…] IMAGE|VIDEO",
             kEncodeText, kEncodeFiles, kPlainCodes, kComputeVariables, kEncodeExamples,
             "orrery decode, orrery inspect"},
    HelpPage{Command::Decode, "turn latent files into media again", "--checkpoint DIR --out DIR [OPTION…] FILE.h5…",
             kDecodeText, kDecodeFiles, kDecodeCodes, kComputeVariables, kDecodeExamples,
             "orrery run, orrery encode, orrery compare"}};

}  // namespace

std::span<const HelpPage> making_pages() { return kMakingPages; }

}  // namespace orrery
