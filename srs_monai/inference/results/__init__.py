"""What results hold, how they are named and what they say of their making."""
