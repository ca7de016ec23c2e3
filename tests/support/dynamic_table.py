"""What the dynamic convolutions are, in one line each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """A dynamic convolution in a table.

    Args:
        formula: in one line; GAP is the average over space, s a sigmoid.
        source: where it was published.
        licence: of the original code that values are compared with.
    """

    formula: str
    source: str
    licence: str


ABOUT: dict[str, About] = {
    "dpconv": About(
        "s(g) conv(x; A) + conv(x; B), s = mix GAP(gate(g)) of a guide g", "SRSNet, IEEE TIP 2025", "none stated"
    ),
    "condconv": About("conv(x; sum_k a_k W_k), a = s(R GAP(x))", "CondConv, NeurIPS 2019", "MIT"),
    "dyconv": About(
        "conv(x; sum_k a_k W_k), a = softmax(R2 relu(R1 GAP(x)) / T)",
        "Dynamic Convolution, CVPR 2020",
        "MIT (t30), none (t34)",
    ),
    "odconv": About("f conv(c x; sum_k a_k p W_k), all four from GAP(x)", "ODConv, ICLR 2022", "Apache-2.0"),
    "scconv": About(
        "static kernels; gates by group norm and by channel means", "ScConv, CVPR 2023", "none (unofficial)"
    ),
    "dcd": About("s conv(x; W) + P (I + Phi) Q x, s and Phi from the four quarters' GAP", "DCD, ICLR 2021", "MIT"),
    "ddconv": About("conv(x sampled at x + offset(x); sum_k a_k W_k)", "CiT-Net, 2023", "none"),
    "magic": About("conv(x; sum_k a_k W_k), a = softmax(r(b) b / T), b = R(GAP + context + spatial)", "MAGIC", "none"),
}
